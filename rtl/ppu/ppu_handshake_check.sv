// ASSERT_HANDSHAKE for wide data, in simulation alone: they are kept and compared while they wait, not in every
// cycle. (Verilator 5.006 generates C++ that does not compile for $stable of more than 1248 bits.)
`ifndef SYNTHESIS
`include "assertions.svh"

module ppu_handshake_check #(
  parameter int unsigned Width = 1
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             valid_i,
  input logic             ready_i,
  input logic [Width-1:0] data_i
);

  logic             waits;
  logic             waited_q;
  logic [Width-1:0] data_q;

  assign waits = valid_i && !ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waited_q <= 1'b0;
    end else begin
      waited_q <= waits;
    end
  end

  always_ff @(posedge clk_i) begin
    if (waits) data_q <= data_i;
    if (waited_q) begin
      HoldsData : assert (data_i == data_q) else $error("%m");
    end
  end

  `ASSERT(HoldsValid, waited_q |-> valid_i)

endmodule
`endif
