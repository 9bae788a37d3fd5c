// A PE's arithmetic unit, four stages after the matrix read: codebook look-up with address accumulation; output
// read with multiply; shift and add with saturation; write. Entries follow each other without a gap: a sum that
// is still on its way is taken from the pipeline.
`include "assertions.svh"

module arithmetic #(
  parameter int unsigned CodeBits = 4,
  parameter int unsigned IndexBits = 4,
  parameter int unsigned Registers = 8,
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,

  input  logic [16*2**CodeBits-1:0]     codebook_i,
  input  logic [4:0]                    shift_i,

  input  logic                          valid_i,
  input  logic                          first_i,        // of its slice
  input  logic [CodeBits-1:0]           code_i,
  input  logic [IndexBits-1:0]          zeros_i,
  input  logic [15:0]                   activation_i,

  output logic [RowBits-1:0]            read_row_o,
  input  logic [15:0]                   read_sum_i,
  output logic                          write_o,
  output logic [RowBits-1:0]            write_row_o,
  output logic [15:0]                   write_sum_o,

  output logic                          padding_o,
  output logic                          multiply_o,
  output logic                          add_o,
  output logic                          forward_o       // the add takes a sum that was on its way
);

  // Wide enough for the row behind the last one and any distance.
  localparam int unsigned PlaceBits = (RowBits > IndexBits ? RowBits : IndexBits) + 1;
  localparam logic signed [33:0] Highest = 34'sd32767;
  localparam logic signed [33:0] Lowest = -34'sd32768;

  // Look-up.
  logic [PlaceBits-1:0] place, behind_q;
  logic                 is_weight;

  assign place     = (first_i ? '0 : behind_q) + PlaceBits'(zeros_i);
  assign is_weight = valid_i & (code_i != '0);
  assign padding_o = valid_i & (code_i == '0);

  logic               term_valid_q;
  logic [RowBits-1:0] term_row_q;
  logic signed [15:0] weight_q, activation_q;

  always_ff @(posedge clk_i) begin
    if (valid_i) behind_q <= place + 1'b1;
    if (is_weight) begin
      term_row_q   <= RowBits'(place);
      weight_q     <= codebook_i[{code_i, 4'd0} +: 16];
      activation_q <= activation_i;
    end
  end

  // Output read and multiply. The sum that is being written in this cycle is read.
  logic               product_valid_q, sum_valid_q, written_now, bypassed_q;
  logic [RowBits-1:0] product_row_q, sum_row_q;
  logic signed [31:0] product_q;
  logic signed [15:0] read_q, sum_q;

  assign multiply_o  = term_valid_q;
  assign read_row_o  = term_row_q;
  assign written_now = sum_valid_q & (sum_row_q == term_row_q);

  always_ff @(posedge clk_i) begin
    if (term_valid_q) begin
      product_row_q <= term_row_q;
      product_q     <= weight_q * activation_q;
      read_q        <= written_now ? sum_q : read_sum_i;
      bypassed_q    <= written_now;
    end
  end

  // Shift and add.
  logic               follows;
  logic signed [33:0] half, exact;
  logic signed [15:0] addend;

  assign add_o     = product_valid_q;
  assign follows   = sum_valid_q & (sum_row_q == product_row_q);
  assign forward_o = product_valid_q & (follows | bypassed_q);
  assign addend    = follows ? sum_q : read_q;
  assign half      = (34'sd1 << shift_i) >>> 1;
  assign exact     = ((34'(product_q) + half) >>> shift_i) + 34'(addend);

  always_ff @(posedge clk_i) begin
    if (product_valid_q) begin
      sum_row_q <= product_row_q;
      sum_q     <= exact > Highest ? 16'(Highest) : exact < Lowest ? 16'(Lowest) : 16'(exact);
    end
  end

  // Write.
  assign write_o     = sum_valid_q;
  assign write_row_o = sum_row_q;
  assign write_sum_o = sum_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      term_valid_q    <= 1'b0;
      product_valid_q <= 1'b0;
      sum_valid_q     <= 1'b0;
    end else begin
      term_valid_q    <= is_weight;
      product_valid_q <= term_valid_q;
      sum_valid_q     <= product_valid_q;
    end
  end

  `ASSERT(RowExists, is_weight |-> 32'(place) < Registers)

endmodule
