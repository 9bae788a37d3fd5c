// Pointer read: a PE that has walked its slice takes the next activation and reads both ends of that column's
// slice, one from each of its two pointer banks; from the next cycle on it issues an entry a cycle to the
// matrix SRAM. The end stays at the banks' outputs until the next slice begins.
`include "assertions.svh"

module pointer_read #(
  parameter int unsigned PointerBits = 16,
  parameter int unsigned PointerWords = 64,
  localparam int unsigned AddressBits = PointerWords > 1 ? $clog2(PointerWords) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   fill_clk_i,
  input  logic                   fill_even_i,
  input  logic                   fill_odd_i,
  input  logic [AddressBits-1:0] fill_address_i,
  input  logic [PointerBits-1:0] fill_data_i,

  output logic                   free_o,        // takes an activation in this cycle, if there is one
  input  logic                   taken_i,
  input  logic                   odd_i,         // its column
  input  logic [AddressBits-1:0] word_i,        // of the odd column's pointer: the even one's is there or behind
  input  logic [15:0]            activation_i,

  output logic                   issue_o,
  output logic                   first_o,       // of the slice
  output logic [PointerBits-1:0] address_o,     // of the entry
  output logic [15:0]            activation_o
);

  logic                   walking_q, first_q, odd_q, last;
  logic [PointerBits-1:0] next_q, even, odd, head, tail;
  logic [15:0]            activation_q;

  sram #(
    .Width(PointerBits),
    .Depth(PointerWords)
  ) u_even (
    .clk_i          (clk_i),
    .read_i         (taken_i),
    .read_address_i (word_i + AddressBits'(odd_i)),
    .read_data_o    (even),
    .write_clk_i    (fill_clk_i),
    .write_i        (fill_even_i),
    .write_address_i(fill_address_i),
    .write_data_i   (fill_data_i)
  );

  sram #(
    .Width(PointerBits),
    .Depth(PointerWords)
  ) u_odd (
    .clk_i          (clk_i),
    .read_i         (taken_i),
    .read_address_i (word_i),
    .read_data_o    (odd),
    .write_clk_i    (fill_clk_i),
    .write_i        (fill_odd_i),
    .write_address_i(fill_address_i),
    .write_data_i   (fill_data_i)
  );

  // After its first cycle a slice in progress is never empty.
  assign head = first_q ? (odd_q ? odd : even) : next_q;
  assign tail = odd_q ? even : odd;
  always_comb begin
    issue_o = 1'b0;
    last    = 1'b1;
    if (walking_q) begin
      issue_o = head != tail;
      last    = !issue_o || PointerBits'(head + 1'b1) == tail;
    end
  end

  assign free_o       = last;
  assign first_o      = first_q;
  assign address_o    = head;
  assign activation_o = activation_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      walking_q <= 1'b0;
      first_q   <= 1'b0;
    end else begin
      walking_q <= taken_i | ~last;
      first_q   <= taken_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (taken_i) begin
      odd_q        <= odd_i;
      activation_q <= activation_i;
    end
    if (walking_q) next_q <= PointerBits'(head + 1'b1);
  end

  `ASSERT(TakesWhenFree, taken_i |-> free_o)

endmodule
