// Source registers: the activations of a pass. Column c lives in PE c mod Pes, in its register c div Pes; here
// they lie in column order. What is zero is known from a bit per register, so nothing else is cleared for a new
// vector.
module source_registers #(
  parameter int unsigned Pes = 4,
  parameter int unsigned Registers = 8,
  parameter int unsigned Lanes = 4,       // activations that come in at a time, in ascending column order
  localparam int unsigned Columns = Pes * Registers,
  localparam int unsigned ColumnBits = Columns > 1 ? $clog2(Columns) : 1
) (
  input  logic                              clk_i,

  input  logic                              clear_i,   // before what comes in in the same cycle
  input  logic                              beat_i,
  input  logic [Lanes-1:0]                  write_i,
  input  logic [Lanes*ColumnBits-1:0]       column_i,
  input  logic [16*Lanes-1:0]               activation_i,

  output logic [Columns-1:0]                nonzero_o,         // PE by PE
  input  logic [ColumnBits-1:0]             read_column_i,
  output logic [15:0]                       read_activation_o
);

  localparam int unsigned PlaceBits = $clog2(Columns + 1);  // of Pes too, if each has one register
  localparam int unsigned LaneGroup = 64;

  // A register file: flops (for yosys, which takes arrays for memories).
  (* mem2reg *)
  logic [15:0]        activation_q [Columns];
  logic [Columns-1:0] nonzero_q;

  // Where column c has its bit.
  function automatic logic [PlaceBits-1:0] place(logic [ColumnBits-1:0] c);
    place = PlaceBits'(c) % PlaceBits'(Pes) * PlaceBits'(Registers) + PlaceBits'(c) / PlaceBits'(Pes);
  endfunction

  function automatic logic [Columns-1:0] marked(logic [Columns-1:0] held);
    marked = held;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (write_i[i] && activation_i[16*i +: 16] != '0) begin
        marked[ColumnBits'(place(column_i[ColumnBits*i +: ColumnBits]))] = 1'b1;
      end
    end
  endfunction

  // In groups, since Verilator takes such a loop only if it has 64 rounds at most.
  always_ff @(posedge clk_i) begin
    for (int unsigned first = 0; first < Lanes; first += LaneGroup) begin
      for (int unsigned i = first; i < first + LaneGroup && i < Lanes; i++) begin
        if (beat_i && write_i[i]) activation_q[column_i[ColumnBits*i +: ColumnBits]] <= activation_i[16*i +: 16];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (beat_i)       nonzero_q <= marked(clear_i ? '0 : nonzero_q);
    else if (clear_i) nonzero_q <= '0;
  end

  // A pass that loads nothing, all its inputs being padding, starts in the cycle in which it clears.
  assign nonzero_o         = clear_i ? '0 : nonzero_q;
  assign read_activation_o = activation_q[read_column_i];

endmodule
