// An 8-bit multiplier that splits: eight rows of partial products make one product of 8-bit operands, or two,
// four or eight products whose narrow operand has 4, 2 or 1 bits (and a sign above them, as codes less a zero
// point have). The products are added up. A row stands for one bit of a narrow operand, an operand's last row
// for its sign as well: it adds its wide operand times -2, -1, 0 or 1, of one bit times -2 to 2.
module subword_multiplier (
  input  logic        enable_i,
  input  logic [1:0]  width_log_i,  // log2 of the narrow operand's bits
  input  logic [71:0] wide_i,       // by row: operands of the product that it belongs to, signed
  input  logic [71:0] narrow_i,
  output logic [19:0] sum_o
);

  logic [3:0]  width;
  logic [2:0]  bit_of_row;
  logic        top, one, two, negative;
  logic [9:0]  multiple;
  logic [19:0] term;

  always_comb begin
    sum_o      = '0;
    width      = 4'd1 << width_log_i;
    bit_of_row = '0;
    top        = 1'b0;
    one        = 1'b0;
    two        = 1'b0;
    negative   = 1'b0;
    multiple   = '0;
    term       = '0;
    if (enable_i) begin
      for (int unsigned j = 0; j < 8; j++) begin
        bit_of_row = 3'(j) & 3'(width - 4'd1);
        top        = bit_of_row == 3'(width - 4'd1);
        one        = narrow_i[j*9 + 32'(bit_of_row)];
        two        = top && !one && narrow_i[j*9 + 32'(bit_of_row) + 1];
        negative   = top && narrow_i[j*9 + 8];
        multiple   = '0;
        if (one) multiple = {wide_i[j*9 + 8], wide_i[j*9 +: 9]};
        if (two) multiple = {wide_i[j*9 +: 9], 1'b0};
        term  = {{10{multiple[9]}}, multiple} << bit_of_row;
        sum_o = negative ? sum_o - term : sum_o + term;
      end
    end
  end

endmodule
