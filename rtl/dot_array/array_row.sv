// A row of the array: its weights, which all its PEs share, the PEs' arithmetic and their accumulators.
module array_row #(
  parameter int unsigned Columns = 8,
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned InputBits = 8,
  parameter int unsigned AccumulatorBits = 32,
  parameter int unsigned OutputPort = 8,
  parameter int unsigned Slots = 8,
  parameter int unsigned Positions = 8,
  parameter int unsigned LaneCountBits = 4,
  parameter int unsigned PositionBits = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned ColumnBits = 3,
  parameter int unsigned AddressBits = 4,
  parameter int unsigned DataBits = 512,
  localparam int unsigned ZeroBits = $clog2(Columns + 1),
  localparam int unsigned ValueBits = InputBits + 1
) (
  input  logic                                   clk_i,
  input  logic [RowBits-1:0]                     row_i,       // which row this is
  input  logic [4:0]                             weight_bits_i,
  input  logic                                   sparse_i,
  input  logic [1:0]                             width_log_i,
  input  logic                                   narrow_inputs_i,

  // A step issues.
  input  logic [LaneCountBits-1:0]               lanes_i,
  input  logic [Slots*PositionBits-1:0]          group_i,
  input  logic                                   unpack_i,
  input  logic [DataBits-1:0]                    data_i,
  input  logic                                   count_i,
  input  logic [Positions*ZeroBits-1:0]          zeros_i,
  output logic [31:0]                            gated_o,

  // It multiplies and reduces.
  input  logic [Columns-1:0]                     multiply_i,  // by column
  input  logic [Columns*Slots*NmM*ValueBits-1:0] inputs_i,

  // It accumulates.
  input  logic [Columns-1:0]                     add_i,
  input  logic                                   add_bank_i,
  input  logic [AddressBits-1:0]                 add_address_i,
  input  logic                                   add_touched_i,

  input  logic [OutputPort-1:0]                  restore_i,
  input  logic                                   restore_bank_i,
  input  logic [OutputPort*AddressBits-1:0]      restore_address_i,
  input  logic [OutputPort*RowBits-1:0]          restore_row_i,
  input  logic [OutputPort*ColumnBits-1:0]       restore_column_i,
  input  logic [OutputPort*AccumulatorBits-1:0]  restore_sum_i,

  input  logic [OutputPort-1:0]                  drain_i,
  input  logic                                   drain_bank_i,
  input  logic [OutputPort*AddressBits-1:0]      drain_address_i,
  input  logic [OutputPort*RowBits-1:0]          drain_row_i,
  input  logic [OutputPort*ColumnBits-1:0]       drain_column_i,
  output logic [OutputPort*AccumulatorBits-1:0]  drain_sum_o  // zero where it is another row's
);

  localparam int unsigned SelectBits = NmM > 1 ? $clog2(NmM) : 1;
  localparam int unsigned CodeBits = Scalable != 0 ? WeightBits + 1 : WeightBits;
  localparam int unsigned SumBits = WeightBits + ValueBits + $clog2(Slots);

  logic [Slots*CodeBits-1:0]   weights;
  logic [Slots*SelectBits-1:0] select;
  logic [Columns*SumBits-1:0]  sums;

  weight_row #(
    .NmM          (NmM),
    .Scalable     (Scalable),
    .WeightBits   (WeightBits),
    .Slots        (Slots),
    .LaneCountBits(LaneCountBits),
    .RowBits      (RowBits),
    .Columns      (Columns),
    .Positions    (Positions),
    .PositionBits (PositionBits),
    .DataBits     (DataBits)
  ) u_weights (
    .clk_i        (clk_i),
    .row_i        (row_i),
    .weight_bits_i(weight_bits_i),
    .sparse_i     (sparse_i),
    .width_log_i  (width_log_i),
    .lanes_i      (lanes_i),
    .group_i      (group_i),
    .unpack_i     (unpack_i),
    .data_i       (data_i),
    .weights_o    (weights),
    .select_o     (select),
    .count_i      (count_i),
    .zeros_i      (zeros_i),
    .gated_o      (gated_o)
  );

  for (genvar c = 0; c < Columns; c++) begin : gen_pe
    dot_product #(
      .NmM       (NmM),
      .Scalable  (Scalable),
      .WeightBits(WeightBits),
      .InputBits (InputBits),
      .Slots     (Slots)
    ) u_dot_product (
      .clk_i          (clk_i),
      .enable_i       (multiply_i[c]),
      .width_log_i    (width_log_i),
      .narrow_inputs_i(narrow_inputs_i),
      .weights_i      (weights),
      .select_i       (select),
      .inputs_i       (inputs_i[c*Slots*NmM*ValueBits +: Slots*NmM*ValueBits]),
      .sum_o          (sums[c*SumBits +: SumBits])
    );
  end

  accumulator_row #(
    .Columns        (Columns),
    .AccumulatorBits(AccumulatorBits),
    .SumBits        (SumBits),
    .OutputPort     (OutputPort),
    .AddressBits    (AddressBits),
    .RowBits        (RowBits),
    .ColumnBits     (ColumnBits)
  ) u_accumulators (
    .clk_i            (clk_i),
    .row_i            (row_i),
    .add_i            (add_i),
    .add_bank_i       (add_bank_i),
    .add_address_i    (add_address_i),
    .add_touched_i    (add_touched_i),
    .add_sum_i        (sums),
    .restore_i        (restore_i),
    .restore_bank_i   (restore_bank_i),
    .restore_address_i(restore_address_i),
    .restore_row_i    (restore_row_i),
    .restore_column_i (restore_column_i),
    .restore_sum_i    (restore_sum_i),
    .drain_i          (drain_i),
    .drain_bank_i     (drain_bank_i),
    .drain_address_i  (drain_address_i),
    .drain_row_i      (drain_row_i),
    .drain_column_i   (drain_column_i),
    .drain_sum_o      (drain_sum_o)
  );

endmodule
