// An inferable SRAM: one read port with a registered address, one write port with its own clock. What is read
// stays at the output until the next read.
module sram #(
  parameter int unsigned Width = 64,
  parameter int unsigned Depth = 1024,
  localparam int unsigned AddressBits = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                   clk_i,
  input  logic                   read_i,
  input  logic [AddressBits-1:0] read_address_i,
  output logic [Width-1:0]       read_data_o,    // in the next cycle

  input  logic                   write_clk_i,
  input  logic                   write_i,
  input  logic [AddressBits-1:0] write_address_i,
  input  logic [Width-1:0]       write_data_i
);

  logic [Width-1:0] memory [Depth];

  always_ff @(posedge write_clk_i) begin
    if (write_i) memory[write_address_i] <= write_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (read_i) read_data_o <= memory[read_address_i];
  end

endmodule
