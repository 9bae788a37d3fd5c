// A PE's destination registers: the sums of its rows. A register that nothing was written to since the file was
// cleared holds zero. Sums are added up by the arithmetic unit, or come and go through the output port,
// `Moves` rows one below the other at a time; never both in one cycle.
`include "assertions.svh"

module destination_registers #(
  parameter int unsigned Registers = 8,
  parameter int unsigned Moves = 1,
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   clear_i,        // from the next cycle on

  input  logic [RowBits-1:0]     read_row_i,
  output logic [15:0]            read_sum_o,
  input  logic                   write_i,
  input  logic [RowBits-1:0]     write_row_i,
  input  logic [15:0]            write_sum_i,

  input  logic [RowBits-1:0]     port_row_i,     // the first row that moves
  input  logic [Moves-1:0]       restore_i,
  input  logic [16*Moves-1:0]    restored_i,
  input  logic                   drain_i,
  output logic [16*Moves-1:0]    drained_o
);

  // Flops (for yosys, which takes arrays for memories).
  (* mem2reg *)
  logic [15:0]          sum_q [Registers];
  logic [Registers-1:0] written_q, written_d;

  assign read_sum_o = written_q[read_row_i] ? sum_q[read_row_i] : '0;

  // Of what lies beyond the last row nothing is used.
  always_comb begin
    drained_o = '0;
    if (drain_i) begin
      for (int unsigned i = 0; i < Moves; i++) begin
        if (written_q[RowBits'(32'(port_row_i) + i)]) drained_o[16*i +: 16] = sum_q[RowBits'(32'(port_row_i) + i)];
      end
    end
  end

  always_comb begin
    written_d = written_q;
    if (clear_i) begin
      written_d = '0;
    end else begin
      if (write_i) written_d[write_row_i] = 1'b1;
      for (int unsigned i = 0; i < Moves; i++) begin
        if (restore_i[i]) written_d[RowBits'(32'(port_row_i) + i)] = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) written_q <= '0;
    else         written_q <= written_d;
  end

  always_ff @(posedge clk_i) begin
    if (write_i) sum_q[write_row_i] <= write_sum_i;
    for (int unsigned i = 0; i < Moves; i++) begin
      if (restore_i[i]) sum_q[RowBits'(32'(port_row_i) + i)] <= restored_i[16*i +: 16];
    end
  end

  `ASSERT(OneUser, !(write_i && (drain_i || clear_i || restore_i != '0)))

endmodule
