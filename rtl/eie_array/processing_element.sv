`include "assertions.svh"

// A PE: its queue, pointer and matrix memories, arithmetic unit and destination registers.
module processing_element #(
  parameter int unsigned Queue = 8,
  parameter int unsigned CodeBits = 4,
  parameter int unsigned IndexBits = 4,
  parameter int unsigned WordBits = 64,
  parameter int unsigned PointerBits = 16,
  parameter int unsigned MatrixWords = 64,
  parameter int unsigned PointerWords = 64,
  parameter int unsigned Registers = 8,
  parameter int unsigned Moves = 1,           // rows that the output port moves at a time
  localparam int unsigned MatrixBits = MatrixWords > 1 ? $clog2(MatrixWords) : 1,
  localparam int unsigned PointerWordBits = PointerWords > 1 ? $clog2(PointerWords) : 1,
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,

  input  logic                         fill_clk_i,
  input  logic                         fill_matrix_i,
  input  logic                         fill_even_i,
  input  logic                         fill_odd_i,
  input  logic [MatrixBits-1:0]        fill_matrix_address_i,
  input  logic [PointerWordBits-1:0]   fill_pointer_address_i,
  input  logic [WordBits-1:0]          fill_data_i,

  input  logic [16*2**CodeBits-1:0]    codebook_i,
  input  logic [4:0]                   shift_i,

  input  logic                         push_i,          // a broadcast: of an odd column, its pointer's word, value
  input  logic                         odd_i,
  input  logic [PointerWordBits-1:0]   word_i,
  input  logic [15:0]                  activation_i,
  output logic                         full_o,          // has no room for a broadcast
  output logic                         empty_o,         // no activation waits
  output logic                         free_o,          // takes one in this cycle, if there is one
  output logic                         taken_o,

  input  logic                         clear_i,
  input  logic [RowBits-1:0]           port_row_i,
  input  logic [Moves-1:0]             restore_i,
  input  logic [16*Moves-1:0]          restored_i,
  input  logic                         drain_i,
  output logic [16*Moves-1:0]          drained_o,

  output logic                         matrix_read_o,
  output logic                         look_up_o,
  output logic                         padding_o,
  output logic                         multiply_o,
  output logic                         add_o,
  output logic                         forward_o,
  output logic                         write_o
);

  typedef struct packed {
    logic                       odd;
    logic [PointerWordBits-1:0] word;
    logic [15:0]                activation;
  } broadcast_t;

  broadcast_t             sent, head;
  logic                   queue_full, issue, issue_first, entry_first;
  logic [PointerBits-1:0] address;
  logic [15:0]            issue_activation, entry_activation, read_sum, write_sum;
  logic [CodeBits-1:0]    code;
  logic [IndexBits-1:0]   zeros;
  logic [RowBits-1:0]     read_row, write_row;

  assign sent   = {odd_i, word_i, activation_i};
  assign full_o = queue_full & ~free_o;

  activation_queue #(
    .Depth(Queue),
    .Width($bits(sent))
  ) u_activation_queue (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .push_i (push_i),
    .data_i (sent),
    .free_i (free_o),
    .taken_o(taken_o),
    .data_o (head),
    .full_o (queue_full),
    .empty_o(empty_o)
  );

  pointer_read #(
    .PointerBits (PointerBits),
    .PointerWords(PointerWords)
  ) u_pointer_read (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .fill_clk_i    (fill_clk_i),
    .fill_even_i   (fill_even_i),
    .fill_odd_i    (fill_odd_i),
    .fill_address_i(fill_pointer_address_i),
    .fill_data_i   (fill_data_i[PointerBits-1:0]),
    .free_o        (free_o),
    .taken_i       (taken_o),
    .odd_i         (head.odd),
    .word_i        (head.word),
    .activation_i  (head.activation),
    .issue_o       (issue),
    .first_o       (issue_first),
    .address_o     (address),
    .activation_o  (issue_activation)
  );

  matrix_read #(
    .CodeBits   (CodeBits),
    .IndexBits  (IndexBits),
    .WordBits   (WordBits),
    .PointerBits(PointerBits),
    .MatrixWords(MatrixWords)
  ) u_matrix_read (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .fill_clk_i    (fill_clk_i),
    .fill_i        (fill_matrix_i),
    .fill_address_i(fill_matrix_address_i),
    .fill_data_i   (fill_data_i),
    .issue_i       (issue),
    .first_i       (issue_first),
    .address_i     (address),
    .activation_i  (issue_activation),
    .read_o        (matrix_read_o),
    .valid_o       (look_up_o),
    .first_o       (entry_first),
    .code_o        (code),
    .zeros_o       (zeros),
    .activation_o  (entry_activation)
  );

  arithmetic #(
    .CodeBits (CodeBits),
    .IndexBits(IndexBits),
    .Registers(Registers)
  ) u_arithmetic (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .codebook_i  (codebook_i),
    .shift_i     (shift_i),
    .valid_i     (look_up_o),
    .first_i     (entry_first),
    .code_i      (code),
    .zeros_i     (zeros),
    .activation_i(entry_activation),
    .read_row_o  (read_row),
    .read_sum_i  (read_sum),
    .write_o     (write_o),
    .write_row_o (write_row),
    .write_sum_o (write_sum),
    .padding_o   (padding_o),
    .multiply_o  (multiply_o),
    .add_o       (add_o),
    .forward_o   (forward_o)
  );

  destination_registers #(
    .Registers(Registers),
    .Moves    (Moves)
  ) u_destination_registers (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .clear_i    (clear_i),
    .read_row_i (read_row),
    .read_sum_o (read_sum),
    .write_i    (write_o),
    .write_row_i(write_row),
    .write_sum_i(write_sum),
    .port_row_i (port_row_i),
    .restore_i  (restore_i),
    .restored_i (restored_i),
    .drain_i    (drain_i),
    .drained_o  (drained_o)
  );

endmodule
