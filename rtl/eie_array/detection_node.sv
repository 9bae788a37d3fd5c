// Inner node of the leading-non-zero detection: holds the least column of its children's, and takes the next one
// as soon as it is empty or its own is taken.
module detection_node #(
  parameter int unsigned Children = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned PeBits = 2
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic [Children-1:0]         valid_i,
  input  logic [Children*RowBits-1:0] row_i,
  input  logic [Children*PeBits-1:0]  pe_i,
  output logic [Children-1:0]         take_o,
  input  logic                        take_i,
  output logic                        valid_o,
  output logic [RowBits-1:0]          row_o,
  output logic [PeBits-1:0]           pe_o
);

  logic               valid_q, refill, move;
  logic [RowBits-1:0] row_q, row_d;
  logic [PeBits-1:0]  pe_q, pe_d;

  assign refill = take_i | ~valid_q;
  assign move   = refill & (|valid_i);

  always_comb begin
    row_d  = '0;
    pe_d   = '0;
    take_o = '0;
    if (move) begin
      for (int unsigned k = 0; k < Children; k++) begin
        if (valid_i[k] && (take_o == '0 || row_i[RowBits*k +: RowBits] < row_d)) begin
          row_d     = row_i[RowBits*k +: RowBits];
          pe_d      = pe_i[PeBits*k +: PeBits];
          take_o    = '0;
          take_o[k] = 1'b1;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)     valid_q <= 1'b0;
    else if (refill) valid_q <= move;
  end

  always_ff @(posedge clk_i) begin
    if (move) begin
      row_q <= row_d;
      pe_q  <= pe_d;
    end
  end

  assign valid_o = valid_q;
  assign row_o   = row_q;
  assign pe_o    = pe_q;

endmodule
