// Leaf node of the leading-non-zero detection: holds the first column of up to four PEs whose activation is not
// zero and has not been passed on. Columns are compared by row (register of the PE); PEs break the tie.
module detection_leaf #(
  parameter int unsigned Children = 4,
  parameter int unsigned First = 0,     // the first child's PE
  parameter int unsigned PeBits = 2,
  parameter int unsigned Registers = 8,
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          start_i,
  input  logic [Children*Registers-1:0] nonzero_i,
  input  logic                          take_i,
  output logic                          valid_o,
  output logic [RowBits-1:0]            row_o,
  output logic [PeBits-1:0]             pe_o
);

  // Registers whose number has the bit set.
  function automatic logic [Registers-1:0] numbers_with(int unsigned place);
    for (int unsigned r = 0; r < Registers; r++) numbers_with[r] = 1'(r >> place);
  endfunction

  logic [Children*Registers-1:0] left_q, left_d;
  logic                          valid_q, valid_d, refill;
  logic [RowBits-1:0]            row_q, row_d;
  logic [PeBits-1:0]             pe_q, pe_d;
  logic [Registers-1:0]          lowest, chosen;
  logic [RowBits-1:0]            row;

  assign refill = start_i | take_i;

  always_comb begin
    left_d  = '0;
    valid_d = 1'b0;
    row_d   = '0;
    pe_d    = '0;
    lowest  = '0;
    chosen  = '0;
    row     = '0;
    if (refill) begin
      left_d = start_i ? nonzero_i : left_q;
      for (int unsigned k = 0; k < Children; k++) begin
        lowest = left_d[Registers*k +: Registers];
        lowest = lowest & (~lowest + 1'b1);
        for (int unsigned b = 0; b < RowBits; b++) row[b] = |(lowest & numbers_with(b));
        if (lowest != '0 && (!valid_d || row < row_d)) begin
          valid_d = 1'b1;
          row_d   = row;
          pe_d    = PeBits'(First + k);
          chosen  = lowest;
        end
      end
      for (int unsigned k = 0; k < Children; k++) begin
        if (pe_d == PeBits'(First + k)) begin
          left_d[Registers*k +: Registers] = left_d[Registers*k +: Registers] & ~chosen;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)     valid_q <= 1'b0;
    else if (refill) valid_q <= valid_d;
  end

  always_ff @(posedge clk_i) begin
    if (refill) begin
      left_q <= left_d;
      row_q  <= row_d;
      pe_q   <= pe_d;
    end
  end

  assign valid_o = valid_q;
  assign row_o   = row_q;
  assign pe_o    = pe_q;

endmodule
