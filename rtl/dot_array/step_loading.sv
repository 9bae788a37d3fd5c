// Loads a step's operands: works out what the step covers and which elements it brings, and takes them from the
// ports into the operand registers.
`include "assertions.svh"

module step_loading #(
  parameter int unsigned Rows = 8,
  parameter int unsigned Columns = 8,
  parameter int unsigned NmN = 1,
  parameter int unsigned NmM = 1,
  parameter int unsigned Slots = 8,            // lanes at the narrowest width
  parameter int unsigned Positions = 8,        // of an input vector, at most
  parameter int unsigned WeightBits = 8,
  parameter int unsigned InputBits = 8,
  parameter int unsigned WeightPort = 64,
  parameter int unsigned InputPort = 64,
  parameter int unsigned SpanBits = 4,
  localparam int unsigned RowCountBits = $clog2(Rows + 1),
  localparam int unsigned ColumnCountBits = $clog2(Columns + 1),
  localparam int unsigned LaneCountBits = $clog2(Slots + 1),
  localparam int unsigned PositionBits = $clog2(Positions + 1),
  localparam int unsigned ElementBits = $clog2(Columns * Positions + 1),
  localparam int unsigned SelectBits = NmM > 1 ? $clog2(NmM) : 0,
  // A row (column) of operands, the beats of a load, the registers; above them zeros, which the last row reads.
  localparam int unsigned WeightRowBits = Slots * (WeightBits + SelectBits),
  localparam int unsigned WeightBeatBits = 8 * WeightPort,
  localparam int unsigned WeightBeats = (Rows * WeightRowBits + WeightBeatBits - 1) / WeightBeatBits,
  localparam int unsigned WeightVectorBits = WeightBeats * WeightBeatBits,
  localparam int unsigned WeightDataBits = WeightVectorBits + WeightRowBits,
  localparam int unsigned WeightCountBits = $clog2(WeightVectorBits + 1),
  localparam int unsigned InputColumnBits = Positions * InputBits,
  localparam int unsigned InputBeatBits = 8 * InputPort,
  localparam int unsigned InputBeats = (Columns * InputColumnBits + InputBeatBits - 1) / InputBeatBits,
  localparam int unsigned InputVectorBits = InputBeats * InputBeatBits,
  localparam int unsigned InputDataBits = InputVectorBits + InputColumnBits,
  localparam int unsigned InputCountBits = $clog2(InputVectorBits + 1)
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic [4:0]                     weight_bits_i,
  input  logic [4:0]                     input_bits_i,
  input  logic                           sparse_i,
  input  logic [1:0]                     slots_log_i,     // log2 of the slots that a lane takes
  input  logic [39:0]                    size_i,
  input  logic [39:0]                    stride_i,
  input  logic [39:0]                    dilation_i,
  input  logic [39:0]                    pad_i,

  // The load of a step begins.
  input  logic                           load_i,
  input  logic                           load_weights_i,  // it brings weights
  input  logic                           load_inputs_i,
  input  logic [8*20-1:0]                load_start_i,
  input  logic [8*SpanBits-1:0]          load_span_i,
  output logic [Columns*Positions-1:0]   present_o,       // by column: positions whose inputs travel
  output logic [Columns*ElementBits-1:0] begin_o,         // by column: its first element

  input  logic                           weights_valid_i,
  output logic                           weights_ready_o,
  input  logic [WeightBeatBits-1:0]      weights_data_i,
  input  logic                           inputs_valid_i,
  output logic                           inputs_ready_o,
  input  logic [InputBeatBits-1:0]       inputs_data_i,

  // The step that was loaded last.
  output logic                           loaded_o,
  output logic                           new_weights_o,   // not those of the step before
  output logic                           new_inputs_o,
  output logic [RowCountBits-1:0]        rows_o,
  output logic [ColumnCountBits-1:0]     columns_o,
  output logic [LaneCountBits-1:0]       lanes_o,
  output logic [PositionBits-1:0]        positions_o,
  output logic [Slots*PositionBits-1:0]  group_o,         // by lane: where its group of inputs begins
  output logic [WeightDataBits-1:0]      weight_data_o,
  output logic [InputDataBits-1:0]       input_data_o
);

  logic [RowCountBits-1:0]       load_rows, rows_q;
  logic [ColumnCountBits-1:0]    load_columns, columns_q;
  logic [LaneCountBits-1:0]      load_lanes, lanes_q;
  logic [PositionBits-1:0]       load_positions, positions_q;
  logic [Slots*PositionBits-1:0] load_group, group_q;
  logic                          new_weights_q, new_inputs_q;
  logic [ElementBits-1:0]        load_elements;

  step_shape #(
    .NmN            (NmN),
    .NmM            (NmM),
    .SpanBits       (SpanBits),
    .Lanes          (Slots),
    .RowCountBits   (RowCountBits),
    .ColumnCountBits(ColumnCountBits),
    .LaneCountBits  (LaneCountBits),
    .PositionBits   (PositionBits)
  ) u_shape (
    .enable_i   (load_i),
    .sparse_i   (sparse_i),
    .span_i     (load_span_i),
    .rows_o     (load_rows),
    .columns_o  (load_columns),
    .lanes_o    (load_lanes),
    .positions_o(load_positions),
    .group_o    (load_group)
  );

  input_window #(
    .SpanBits       (SpanBits),
    .Columns        (Columns),
    .Positions      (Positions),
    .ColumnCountBits(ColumnCountBits),
    .ElementBits    (ElementBits)
  ) u_window (
    .enable_i  (load_inputs_i),
    .size_i    (size_i),
    .stride_i  (stride_i),
    .dilation_i(dilation_i),
    .pad_i     (pad_i),
    .start_i   (load_start_i),
    .span_i    (load_span_i),
    .columns_i (load_columns),
    .present_o (present_o),
    .begin_o   (begin_o),
    .elements_o(load_elements)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rows_q        <= '0;
      columns_q     <= '0;
      lanes_q       <= '0;
      positions_q   <= '0;
      group_q       <= '0;
      new_weights_q <= 1'b0;
      new_inputs_q  <= 1'b0;
    end else if (load_i) begin
      rows_q        <= load_rows;
      columns_q     <= load_columns;
      lanes_q       <= load_lanes;
      positions_q   <= load_positions;
      group_q       <= load_group;
      new_weights_q <= load_weights_i;
      new_inputs_q  <= load_inputs_i;
    end
  end

  assign rows_o        = rows_q;
  assign columns_o     = columns_q;
  assign lanes_o       = lanes_q;
  assign positions_o   = positions_q;
  assign group_o       = group_q;
  assign new_weights_o = new_weights_q;
  assign new_inputs_o  = new_inputs_q;

  // Operand registers.
  logic                        weights_loaded, inputs_loaded;
  logic [WeightCountBits-1:0]  load_weight_bits;
  logic [InputCountBits-1:0]   load_input_bits;
  logic [WeightVectorBits-1:0] weight_vector;
  logic [InputVectorBits-1:0]  input_vector;

  assign load_weight_bits = WeightCountBits'(load_rows) * WeightCountBits'(load_lanes) *
                            (WeightCountBits'(weight_bits_i) + (sparse_i ? WeightCountBits'(SelectBits) : '0));
  assign load_input_bits  = InputCountBits'(load_elements) * InputCountBits'(input_bits_i);

  operand_loader #(
    .BeatBits (WeightBeatBits),
    .Beats    (WeightBeats),
    .CountBits(WeightCountBits)
  ) u_weight_loader (
    .clk_i   (clk_i),
    .rst_ni  (rst_ni),
    .start_i (load_weights_i),
    .bits_i  (load_weight_bits),
    .loaded_o(weights_loaded),
    .valid_i (weights_valid_i),
    .ready_o (weights_ready_o),
    .data_i  (weights_data_i),
    .data_o  (weight_vector)
  );

  operand_loader #(
    .BeatBits (InputBeatBits),
    .Beats    (InputBeats),
    .CountBits(InputCountBits)
  ) u_input_loader (
    .clk_i   (clk_i),
    .rst_ni  (rst_ni),
    .start_i (load_inputs_i),
    .bits_i  (load_input_bits),
    .loaded_o(inputs_loaded),
    .valid_i (inputs_valid_i),
    .ready_o (inputs_ready_o),
    .data_i  (inputs_data_i),
    .data_o  (input_vector)
  );

  assign weight_data_o = {{WeightRowBits{1'b0}}, weight_vector};
  assign input_data_o  = {{InputColumnBits{1'b0}}, input_vector};
  assign loaded_o      = weights_loaded && inputs_loaded;

  // The step fits the array.
  `ASSERT(FitsRows, load_i |-> 32'(load_span_i[2*SpanBits +: SpanBits]) <= Rows)
  `ASSERT(FitsColumns, load_i |-> 32'(load_span_i[0 +: SpanBits]) * 32'(load_span_i[4*SpanBits +: SpanBits]) *
          32'(load_span_i[5*SpanBits +: SpanBits]) <= Columns)
  `ASSERT(FitsLanes, load_i |-> 32'(load_lanes) <= Slots >> slots_log_i)
  `ASSERT(FitsPositions, load_i |-> 32'(load_span_i[3*SpanBits +: SpanBits]) *
          32'(load_span_i[6*SpanBits +: SpanBits]) * 32'(load_span_i[7*SpanBits +: SpanBits]) <= Positions)
  `ASSERT(InOneGroup, load_i |-> 32'(load_span_i[SpanBits +: SpanBits]) == 32'd1)

  logic unused;
  assign unused = ^{slots_log_i, weight_bits_i, input_bits_i};

endmodule
