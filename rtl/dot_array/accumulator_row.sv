// A row's accumulators: both banks of all its PEs. A step adds to one accumulator of every PE; beats of partial
// sums and of results reach any of them.
module accumulator_row #(
  parameter int unsigned Columns = 8,
  parameter int unsigned AccumulatorBits = 32,
  parameter int unsigned SumBits = 20,
  parameter int unsigned OutputPort = 8,
  parameter int unsigned AddressBits = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned ColumnBits = 3
) (
  input  logic                                  clk_i,
  input  logic [RowBits-1:0]                    row_i,          // which row this is

  input  logic [Columns-1:0]                    add_i,          // by column
  input  logic                                  add_bank_i,
  input  logic [AddressBits-1:0]                add_address_i,
  input  logic                                  add_touched_i,  // it holds a sum
  input  logic [Columns*SumBits-1:0]            add_sum_i,      // signed

  input  logic [OutputPort-1:0]                 restore_i,
  input  logic                                  restore_bank_i,
  input  logic [OutputPort*AddressBits-1:0]     restore_address_i,
  input  logic [OutputPort*RowBits-1:0]         restore_row_i,
  input  logic [OutputPort*ColumnBits-1:0]      restore_column_i,
  input  logic [OutputPort*AccumulatorBits-1:0] restore_sum_i,

  input  logic [OutputPort-1:0]                 drain_i,
  input  logic                                  drain_bank_i,
  input  logic [OutputPort*AddressBits-1:0]     drain_address_i,
  input  logic [OutputPort*RowBits-1:0]         drain_row_i,
  input  logic [OutputPort*ColumnBits-1:0]      drain_column_i,
  output logic [OutputPort*AccumulatorBits-1:0] drain_sum_o
);

  // By bank, accumulator, column. A register file: flops (for yosys, which takes arrays for memories).
  (* mem2reg *)
  logic [AccumulatorBits-1:0] sum_q [2 << (AddressBits + ColumnBits)];

  function automatic logic [AccumulatorBits-1:0] extended(logic [SumBits-1:0] sum);
    extended = AccumulatorBits'($signed(sum));
  endfunction

  always_ff @(posedge clk_i) begin
    for (int unsigned c = 0; c < Columns; c++) begin
      if (add_i[c]) begin
        sum_q[{add_bank_i, add_address_i, ColumnBits'(c)}] <=
            extended(add_sum_i[c*SumBits +: SumBits]) +
            (add_touched_i ? sum_q[{add_bank_i, add_address_i, ColumnBits'(c)}] : '0);
      end
    end
    for (int unsigned i = 0; i < OutputPort; i++) begin
      if (restore_i[i] && restore_row_i[i*RowBits +: RowBits] == row_i) begin
        sum_q[{restore_bank_i, restore_address_i[i*AddressBits +: AddressBits],
               restore_column_i[i*ColumnBits +: ColumnBits]}] <=
            restore_sum_i[i*AccumulatorBits +: AccumulatorBits];
      end
    end
  end

  always_comb begin
    drain_sum_o = '0;
    if (drain_i[0]) begin
      for (int unsigned i = 0; i < OutputPort; i++) begin
        if (drain_i[i] && drain_row_i[i*RowBits +: RowBits] == row_i) begin
          drain_sum_o[i*AccumulatorBits +: AccumulatorBits] =
              sum_q[{drain_bank_i, drain_address_i[i*AddressBits +: AddressBits],
                     drain_column_i[i*ColumnBits +: ColumnBits]}];
        end
      end
    end
  end

endmodule
