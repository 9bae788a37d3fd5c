// A PE's queue of broadcast activations. It falls through: what is broadcast in a cycle can be taken in it.
// The sender pushes only when the queue has room, or when an entry is taken in the same cycle.
`include "assertions.svh"

module activation_queue #(
  parameter int unsigned Depth = 8,
  parameter int unsigned Width = 16
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             push_i,
  input  logic [Width-1:0] data_i,
  input  logic             free_i,   // the PE takes an entry if there is one
  output logic             taken_o,
  output logic [Width-1:0] data_o,   // what is taken
  output logic             full_o,
  output logic             empty_o
);

  localparam int unsigned IndexBits = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned SizeBits = $clog2(Depth + 1);
  localparam logic [IndexBits-1:0] Last = IndexBits'(Depth - 1);

  // Flops (for yosys, which takes arrays for memories).
  (* mem2reg *)
  logic [Width-1:0]     ring_q [Depth];
  logic [IndexBits-1:0] head_q, tail_q;
  logic [SizeBits-1:0]  size_q;
  logic                 store, leave;

  assign full_o  = size_q == SizeBits'(Depth);
  assign empty_o = size_q == '0;
  assign taken_o = free_i & (~empty_o | push_i);
  assign data_o  = empty_o ? data_i : ring_q[head_q];
  assign leave   = free_i & ~empty_o;
  assign store   = push_i & ~(empty_o & free_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q <= '0;
      tail_q <= '0;
      size_q <= '0;
    end else begin
      if (leave) head_q <= head_q == Last ? '0 : head_q + 1'b1;
      if (store) tail_q <= tail_q == Last ? '0 : tail_q + 1'b1;
      if (store != leave) size_q <= store ? size_q + 1'b1 : size_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (store) ring_q[tail_q] <= data_i;
  end

  `ASSERT_INIT(HasRoom, Depth >= 1)
  `ASSERT(NoOverflow, push_i && full_o |-> free_i)

endmodule
