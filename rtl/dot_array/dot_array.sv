// Array unit `dot`: rows x columns of dot products; docs/socket.md has the ports, docs/dot.md the cycle rules.
// Stages of a step: unpack operands (issue), multiply and reduce, accumulate.
`include "assertions.svh"

module dot_array #(
  parameter int unsigned Rows = 8,
  parameter int unsigned Columns = 8,
  parameter int unsigned Lanes = 8,
  parameter int unsigned NmN = 1,
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned InputBits = 8,
  parameter int unsigned AccumulatorBits = 32,
  parameter int unsigned Accumulators = 16,
  parameter int unsigned WeightPort = 64,
  parameter int unsigned InputPort = 64,
  parameter int unsigned OutputPort = 8
) (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,

  input  logic                                  cfg_valid_i,
  input  logic [9:0]                            cfg_addr_i,
  input  logic [31:0]                           cfg_data_i,

  input  logic                                  pass_valid_i,
  output logic                                  pass_ready_o,
  input  logic [8*20-1:0]                       pass_start_i,
  input  logic [8*20-1:0]                       pass_extent_i,
  input  logic                                  pass_opens_i,
  input  logic                                  pass_resumes_i,
  input  logic                                  pass_closes_i,

  input  logic                                  weights_valid_i,
  output logic                                  weights_ready_o,
  input  logic [8*WeightPort-1:0]               weights_data_i,

  input  logic                                  inputs_valid_i,
  output logic                                  inputs_ready_o,
  input  logic [8*InputPort-1:0]                inputs_data_i,

  input  logic                                  sums_valid_i,
  output logic                                  sums_ready_o,
  input  logic [OutputPort*AccumulatorBits-1:0] sums_data_i,

  output logic                                  results_valid_o,
  input  logic                                  results_ready_i,
  output logic [OutputPort*AccumulatorBits-1:0] results_data_o,
  output logic                                  results_last_o,

  output logic                                  evt_issue_o,
  output logic [31:0]                           evt_multiplies_o,
  output logic [31:0]                           evt_gated_o,
  output logic [31:0]                           evt_accumulator_reads_o,
  output logic [31:0]                           evt_accumulator_writes_o,
  output logic [31:0]                           evt_requantized_o
);

  function automatic int unsigned index_bits(int unsigned count);
    index_bits = count > 1 ? $clog2(count) : 1;
  endfunction
  function automatic int unsigned larger(int unsigned a, int unsigned b);
    larger = a > b ? a : b;
  endfunction

  // A scalable array has a lane for each bit of its 8-bit multipliers at most; the registers hold a vector of
  // that many lanes and positions.
  localparam int unsigned Slots           = Lanes * (Scalable != 0 ? 8 : 1);
  localparam int unsigned Positions       = Slots / NmN * NmM;
  localparam int unsigned ValueBits       = InputBits + 1;
  localparam int unsigned SpanBits        = $clog2(larger(larger(Rows, Columns), Positions) + 1);
  localparam int unsigned RowBits         = index_bits(Rows);
  localparam int unsigned ColumnBits      = index_bits(Columns);
  localparam int unsigned RowCountBits    = $clog2(Rows + 1);
  localparam int unsigned ColumnCountBits = $clog2(Columns + 1);
  localparam int unsigned LaneCountBits   = $clog2(Slots + 1);
  localparam int unsigned PositionBits    = $clog2(Positions + 1);
  localparam int unsigned ElementBits     = $clog2(Columns * Positions + 1);
  localparam int unsigned AddressBits     = index_bits(Accumulators);
  localparam int unsigned WholeTile       = $clog2(Accumulators * larger(Rows, Columns) + 1);
  localparam int unsigned TileBits        = larger(SpanBits, WholeTile > 20 ? 20 : WholeTile);
  localparam int unsigned ZeroBits        = $clog2(Columns + 1);
  localparam int unsigned BeatBits        = OutputPort * AccumulatorBits;
  localparam int unsigned VectorBits      = Slots * NmM * ValueBits;  // of a column's inputs
  localparam int unsigned SelectBits      = NmM > 1 ? $clog2(NmM) : 0;

  // Operand registers: whole beats, and above them a row (column) of zeros.
  localparam int unsigned WeightRowBits   = Slots * (WeightBits + SelectBits);
  localparam int unsigned WeightBeats     = (Rows * WeightRowBits + 8 * WeightPort - 1) / (8 * WeightPort);
  localparam int unsigned WeightDataBits  = WeightBeats * 8 * WeightPort + WeightRowBits;
  localparam int unsigned InputColumnBits = Positions * InputBits;
  localparam int unsigned InputBeats      = (Columns * InputColumnBits + 8 * InputPort - 1) / (8 * InputPort);
  localparam int unsigned InputDataBits   = InputBeats * 8 * InputPort + InputColumnBits;

  // Configuration.
  logic [8*SpanBits-1:0]     axis;
  logic [63:0]               inner;
  logic [8*AddressBits-1:0]  distance;
  logic [4:0]                weight_bits, input_bits;
  logic signed [InputBits:0] zero_point;
  logic                      sparse;
  logic [39:0]               size, stride, dilation, pad;
  logic [1:0]                width_log, slots_log;

  dot_configuration #(
    .NmM        (NmM),
    .Scalable   (Scalable),
    .WeightBits (WeightBits),
    .InputBits  (InputBits),
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits)
  ) u_configuration (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .cfg_valid_i  (cfg_valid_i),
    .cfg_addr_i   (cfg_addr_i),
    .cfg_data_i   (cfg_data_i),
    .axis_o       (axis),
    .inner_o      (inner),
    .distance_o   (distance),
    .weight_bits_o(weight_bits),
    .input_bits_o (input_bits),
    .zero_point_o (zero_point),
    .sparse_o     (sparse),
    .size_o       (size),
    .stride_o     (stride),
    .dilation_o   (dilation),
    .pad_o        (pad),
    .width_log_o  (width_log)
  );

  assign slots_log = Scalable != 0 ? width_log : '0;

  // Which step loads, and which one issues.
  logic                   accept, bank_ready, loaded;
  logic                   load, load_weights, load_inputs;
  logic [8*20-1:0]        load_start, close_extent;
  logic [8*SpanBits-1:0]  load_span;
  logic                   issue, close;
  logic [AddressBits-1:0] issue_address;

  step_sequencer #(
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits)
  ) u_sequencer (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .axis_i           (axis),
    .inner_i          (inner),
    .distance_i       (distance),
    .pass_valid_i     (pass_valid_i),
    .pass_ready_o     (pass_ready_o),
    .pass_start_i     (pass_start_i),
    .pass_extent_i    (pass_extent_i),
    .pass_opens_i     (pass_opens_i),
    .pass_resumes_i   (pass_resumes_i),
    .pass_closes_i    (pass_closes_i),
    .accept_o         (accept),
    .operands_loaded_i(loaded),
    .bank_ready_i     (bank_ready),
    .load_o           (load),
    .load_weights_o   (load_weights),
    .load_inputs_o    (load_inputs),
    .load_start_o     (load_start),
    .load_span_o      (load_span),
    .issue_o          (issue),
    .issue_address_o  (issue_address),
    .close_o          (close),
    .close_extent_o   (close_extent)
  );

  // The step that was loaded last, and its operands.
  logic [RowCountBits-1:0]        rows;
  logic [ColumnCountBits-1:0]     columns;
  logic [LaneCountBits-1:0]       lanes;
  logic [PositionBits-1:0]        positions;
  logic [Slots*PositionBits-1:0]  group;
  logic                           new_weights, new_inputs;
  logic [Columns*Positions-1:0]   load_present;
  logic [Columns*ElementBits-1:0] load_begin;
  logic [WeightDataBits-1:0]      weight_data;
  logic [InputDataBits-1:0]       input_data;

  step_loading #(
    .Rows      (Rows),
    .Columns   (Columns),
    .NmN       (NmN),
    .NmM       (NmM),
    .Slots     (Slots),
    .Positions (Positions),
    .WeightBits(WeightBits),
    .InputBits (InputBits),
    .WeightPort(WeightPort),
    .InputPort (InputPort),
    .SpanBits  (SpanBits)
  ) u_loading (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .weight_bits_i  (weight_bits),
    .input_bits_i   (input_bits),
    .sparse_i       (sparse),
    .slots_log_i    (slots_log),
    .size_i         (size),
    .stride_i       (stride),
    .dilation_i     (dilation),
    .pad_i          (pad),
    .load_i         (load),
    .load_weights_i (load_weights),
    .load_inputs_i  (load_inputs),
    .load_start_i   (load_start),
    .load_span_i    (load_span),
    .present_o      (load_present),
    .begin_o        (load_begin),
    .weights_valid_i(weights_valid_i),
    .weights_ready_o(weights_ready_o),
    .weights_data_i (weights_data_i),
    .inputs_valid_i (inputs_valid_i),
    .inputs_ready_o (inputs_ready_o),
    .inputs_data_i  (inputs_data_i),
    .loaded_o       (loaded),
    .new_weights_o  (new_weights),
    .new_inputs_o   (new_inputs),
    .rows_o         (rows),
    .columns_o      (columns),
    .lanes_o        (lanes),
    .positions_o    (positions),
    .group_o        (group),
    .weight_data_o  (weight_data),
    .input_data_o   (input_data)
  );

  // Accumulator banks.
  logic                              issue_bank, add, add_bank, add_touched;
  logic [AddressBits-1:0]            add_address;
  logic [OutputPort-1:0]             restore, drain;
  logic                              restore_bank, drain_bank;
  logic [OutputPort*AddressBits-1:0] restore_address, drain_address;
  logic [OutputPort*RowBits-1:0]     restore_row, drain_row;
  logic [OutputPort*ColumnBits-1:0]  restore_column, drain_column;

  accumulator_banks #(
    .OutputPort (OutputPort),
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits),
    .RowBits    (RowBits),
    .ColumnBits (ColumnBits),
    .TileBits   (TileBits)
  ) u_banks (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .axis_i           (axis),
    .distance_i       (distance),
    .accept_i         (accept),
    .opens_i          (pass_opens_i),
    .resumes_i        (pass_resumes_i),
    .extent_i         (pass_extent_i),
    .issue_bank_o     (issue_bank),
    .ready_o          (bank_ready),
    .close_i          (close),
    .close_extent_i   (close_extent),
    .add_i            (add),
    .add_bank_i       (add_bank),
    .add_address_i    (add_address),
    .add_touched_o    (add_touched),
    .sums_valid_i     (sums_valid_i),
    .sums_ready_o     (sums_ready_o),
    .restore_o        (restore),
    .restore_bank_o   (restore_bank),
    .restore_address_o(restore_address),
    .restore_row_o    (restore_row),
    .restore_column_o (restore_column),
    .results_valid_o  (results_valid_o),
    .results_ready_i  (results_ready_i),
    .results_last_o   (results_last_o),
    .drain_o          (drain),
    .drain_bank_o     (drain_bank),
    .drain_address_o  (drain_address),
    .drain_row_o      (drain_row),
    .drain_column_o   (drain_column)
  );

  // Stages: a step multiplies in the cycle after its issue and adds in the one after that.
  typedef struct packed {
    logic                       valid;
    logic                       bank;
    logic [AddressBits-1:0]     address;
    logic [RowCountBits-1:0]    rows;
    logic [ColumnCountBits-1:0] columns;
  } stage_t;

  stage_t               issued, multiply_q, add_q;
  logic [Columns-1:0]   multiply_columns, add_columns;

  assign issued           = {issue, issue_bank, issue_address, rows, columns};
  assign multiply_columns = multiply_q.valid ? ~({Columns{1'b1}} << multiply_q.columns) : '0;
  assign add_columns      = add_q.valid ? ~({Columns{1'b1}} << add_q.columns) : '0;
  assign add              = add_q.valid;
  assign add_bank         = add_q.bank;
  assign add_address      = add_q.address;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      multiply_q <= '0;
      add_q      <= '0;
    end else begin
      multiply_q <= issued;
      add_q      <= multiply_q;
    end
  end

  // Columns.
  logic [Columns*VectorBits-1:0] inputs;
  logic [Columns*Positions-1:0]  zero;

  for (genvar c = 0; c < Columns; c++) begin : gen_column
    input_column #(
      .NmM         (NmM),
      .Scalable    (Scalable),
      .InputBits   (InputBits),
      .Slots       (Slots),
      .Positions   (Positions),
      .PositionBits(PositionBits),
      .ElementBits (ElementBits),
      .DataBits    (InputDataBits)
    ) u_column (
      .clk_i       (clk_i),
      .input_bits_i(input_bits),
      .zero_point_i(zero_point),
      .width_log_i (width_log),
      .load_i      (load_inputs),
      .present_i   (load_present[c*Positions +: Positions]),
      .begin_i     (load_begin[c*ElementBits +: ElementBits]),
      .unpack_i    (issue && new_inputs),
      .group_i     (group),
      .data_i      (input_data),
      .inputs_o    (inputs[c*VectorBits +: VectorBits]),
      .zero_o      (zero[c*Positions +: Positions])
    );
  end

  // Rows.
  logic                          narrow_inputs;
  logic [Positions*ZeroBits-1:0] zeros;  // columns with a zero there, by position
  logic [Rows*32-1:0]            row_gated;
  logic [Rows*BeatBits-1:0]      row_drained;

  assign narrow_inputs = input_bits < weight_bits;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic               issuing;
    logic [Columns-1:0] multiplying, adding;
    assign issuing     = RowCountBits'(r) < rows;
    assign multiplying = RowCountBits'(r) < multiply_q.rows ? multiply_columns : '0;
    assign adding      = RowCountBits'(r) < add_q.rows ? add_columns : '0;

    array_row #(
      .Columns        (Columns),
      .NmM            (NmM),
      .Scalable       (Scalable),
      .WeightBits     (WeightBits),
      .InputBits      (InputBits),
      .AccumulatorBits(AccumulatorBits),
      .OutputPort     (OutputPort),
      .Slots          (Slots),
      .Positions      (Positions),
      .LaneCountBits  (LaneCountBits),
      .PositionBits   (PositionBits),
      .RowBits        (RowBits),
      .ColumnBits     (ColumnBits),
      .AddressBits    (AddressBits),
      .DataBits       (WeightDataBits)
    ) u_row (
      .clk_i            (clk_i),
      .row_i            (RowBits'(r)),
      .weight_bits_i    (weight_bits),
      .sparse_i         (sparse),
      .width_log_i      (width_log),
      .narrow_inputs_i  (narrow_inputs),
      .lanes_i          (lanes),
      .group_i          (group),
      .unpack_i         (issue && new_weights && issuing),
      .data_i           (weight_data),
      .count_i          (issue && issuing),
      .zeros_i          (zeros),
      .gated_o          (row_gated[r*32 +: 32]),
      .multiply_i       (multiplying),
      .inputs_i         (inputs),
      .add_i            (adding),
      .add_bank_i       (add_bank),
      .add_address_i    (add_address),
      .add_touched_i    (add_touched),
      .restore_i        (restore),
      .restore_bank_i   (restore_bank),
      .restore_address_i(restore_address),
      .restore_row_i    (restore_row),
      .restore_column_i (restore_column),
      .restore_sum_i    (sums_data_i),
      .drain_i          (drain),
      .drain_bank_i     (drain_bank),
      .drain_address_i  (drain_address),
      .drain_row_i      (drain_row),
      .drain_column_i   (drain_column),
      .drain_sum_o      (row_drained[r*BeatBits +: BeatBits])
    );
  end

  always_comb begin
    results_data_o = '0;
    if (results_valid_o) begin
      for (int unsigned r = 0; r < Rows; r++) begin
        results_data_o = results_data_o | row_drained[r*BeatBits +: BeatBits];
      end
    end
  end

  // Events.
  logic [31:0]          drained;  // results of a beat
  logic [31:0]          gated;    // multipliers whose input is zero

  gated_count #(
    .Rows           (Rows),
    .Columns        (Columns),
    .NmM            (NmM),
    .Positions      (Positions),
    .RowCountBits   (RowCountBits),
    .ColumnCountBits(ColumnCountBits),
    .PositionBits   (PositionBits)
  ) u_gated_count (
    .issue_i    (issue),
    .rows_i     (rows),
    .columns_i  (columns),
    .positions_i(positions),
    .zero_i     (zero),
    .zeros_o    (zeros),
    .row_gated_i(row_gated),
    .gated_o    (gated)
  );

  assign evt_issue_o      = issue;
  assign evt_gated_o      = gated;
  assign evt_multiplies_o = issue ? 32'(rows) * 32'(columns) * 32'(lanes) - gated : '0;

  always_comb begin
    drained = '0;
    for (int unsigned i = 0; i < OutputPort; i++) drained = drained + 32'(drain[i]);
  end

  assign evt_accumulator_writes_o = add ? 32'(add_q.rows) * 32'(add_q.columns) : '0;
  assign evt_accumulator_reads_o  = add_touched ? evt_accumulator_writes_o : '0;
  assign evt_requantized_o        = results_valid_o && results_ready_i ? drained : '0;

  // Parameters.
  `ASSERT_INIT(ArrayNotEmpty, Rows >= 1 && Columns >= 1 && Lanes >= 1 && Accumulators >= 1)
  `ASSERT_INIT(PortsNotEmpty, WeightPort >= 1 && InputPort >= 1 && OutputPort >= 1)
  `ASSERT_INIT(SparsityInRange, NmN >= 1 && NmN <= NmM && (NmM == 1 || NmN < NmM))
  `ASSERT_INIT(LanesHoldGroups, Lanes % NmN == 0)
  `ASSERT_INIT(ScalableOrNot, Scalable <= 1)
  `ASSERT_INIT(ScalableSplitsBytes, Scalable == 0 || (WeightBits == 8 && InputBits == 8))
  `ASSERT_INIT(WeightBitsInRange, WeightBits >= 1 && WeightBits <= 16)
  `ASSERT_INIT(InputBitsInRange, InputBits >= 1 && InputBits <= 16)
  `ASSERT_INIT(AccumulatorBitsInRange, AccumulatorBits >= 2 && AccumulatorBits <= 64)

  // Handshakes, in both directions; those of weights and inputs are checked by their loaders.
  `ASSERT_HANDSHAKE(Sums, sums_valid_i, sums_ready_o, sums_data_i)
  `ASSERT_HANDSHAKE(Results, results_valid_o, results_ready_i, ({results_last_o, results_data_o}))

  // Configuration comes between passes.
  `ASSERT(ConfiguredWhenIdle, cfg_valid_i |-> pass_ready_o && !pass_valid_i)

  // The accumulator exists.
  `ASSERT(AccumulatorExists, issue |-> 32'(issue_address) < Accumulators)

  // Passes open and close banks in turn; sums come back when a bank opens.
  logic open_q;  // a bank is, that no pass has closed
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)     open_q <= 1'b0;
    else if (accept) open_q <= !pass_closes_i;
  end
  `ASSERT(OpensAfterClose, pass_valid_i && pass_ready_o |-> pass_opens_i == !open_q)
  `ASSERT(ResumesWhenItOpens, pass_valid_i && pass_resumes_i |-> pass_opens_i)

endmodule
