// Sparse matrix read: one entry a cycle out of words of the PE's matrix SRAM. A word is read when a slice
// begins and when its entries go on in the next word.
`include "assertions.svh"

module matrix_read #(
  parameter int unsigned CodeBits = 4,
  parameter int unsigned IndexBits = 4,
  parameter int unsigned WordBits = 64,
  parameter int unsigned PointerBits = 16,
  parameter int unsigned MatrixWords = 64,
  localparam int unsigned AddressBits = MatrixWords > 1 ? $clog2(MatrixWords) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   fill_clk_i,
  input  logic                   fill_i,
  input  logic [AddressBits-1:0] fill_address_i,
  input  logic [WordBits-1:0]    fill_data_i,

  input  logic                   issue_i,
  input  logic                   first_i,
  input  logic [PointerBits-1:0] address_i,
  input  logic [15:0]            activation_i,

  output logic                   read_o,        // a word of the SRAM
  output logic                   valid_o,       // what was issued in the cycle before
  output logic                   first_o,
  output logic [CodeBits-1:0]    code_o,
  output logic [IndexBits-1:0]   zeros_o,
  output logic [15:0]            activation_o
);

  localparam int unsigned EntryBits = CodeBits + IndexBits;
  localparam int unsigned Entries = WordBits / EntryBits;  // in a word
  localparam int unsigned PlaceBits = $clog2(Entries);

  logic [WordBits-1:0]    word;
  logic [EntryBits-1:0]   entry;
  logic [PointerBits-1:0] address;
  logic                   valid_q, first_q, word_begins;
  logic [15:0]            activation_q;

  assign address = address_i >> PlaceBits;
  assign read_o  = issue_i & (first_i | word_begins);

  sram #(
    .Width(WordBits),
    .Depth(MatrixWords)
  ) u_matrix (
    .clk_i          (clk_i),
    .read_i         (read_o),
    .read_address_i (AddressBits'(address)),
    .read_data_o    (word),
    .write_clk_i    (fill_clk_i),
    .write_i        (fill_i),
    .write_address_i(fill_address_i),
    .write_data_i   (fill_data_i)
  );

  if (Entries > 1) begin : gen_place
    logic [PlaceBits-1:0] place_q;
    assign word_begins = address_i[PlaceBits-1:0] == '0;
    assign entry       = word[place_q*EntryBits +: EntryBits];
    always_ff @(posedge clk_i) begin
      if (issue_i) place_q <= address_i[PlaceBits-1:0];
    end
  end else begin : gen_whole_word
    assign word_begins = 1'b1;
    assign entry       = word[EntryBits-1:0];
  end

  if (Entries * EntryBits < WordBits) begin : gen_rest
    logic unused_word;
    assign unused_word = ^word[WordBits-1:Entries*EntryBits];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else         valid_q <= issue_i;
  end

  always_ff @(posedge clk_i) begin
    if (issue_i) begin
      first_q      <= first_i;
      activation_q <= activation_i;
    end
  end

  assign valid_o      = valid_q;
  assign first_o      = first_q;
  assign code_o       = entry[CodeBits-1:0];
  assign zeros_o      = entry[EntryBits-1:CodeBits];
  assign activation_o = activation_q;

  `ASSERT_INIT(PowerOfTwo, Entries >= 1 && Entries == 1 << PlaceBits)
  `ASSERT(InMemory, issue_i |-> 32'(address) < MatrixWords)

endmodule
