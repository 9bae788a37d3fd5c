"""Small designs that script/synthesize must refuse, one for each of its checks, and two that it must accept.

`expected` is a pattern of the problem that is reported, None for none; `memories` the (count, bits) of SRAMs."""


def _fixture(body, expected, memories=(0, 0), modules=""):
    return {"text": f"""module fixture (
  input logic clk_i, input logic rst_ni, input logic [3:0] a_i, input logic [3:0] b_i, output logic [3:0] y_o);
{body}
endmodule
{modules}""", "expected": expected, "memories": memories}


_SRAM = """sram #(.Width(4), .Depth(16)) u_sram (
    .clk_i(clk_i), .read_i(1'b1), .read_address_i(a_i), .read_data_o(y_o),
    .write_clk_i(clk_i), .write_i(1'b1), .write_address_i(b_i), .write_data_i(a_i));"""

# Its output follows its input in the same cycle.
_PASS = "module pass (input logic [3:0] x_i, output logic [3:0] x_o); assign x_o = ~x_i; endmodule"

FIXTURES = {
    "a register": _fixture("""  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) y_o <= '0; else y_o <= a_i * b_i;
  end""", None),
    "an sram": _fixture("  " + _SRAM, None, (1, 64)),
    "latch in always_comb": _fixture("  always_comb if (a_i[0]) y_o = b_i;", "[Ll]atch"),
    "latch in always @*": _fixture("  always @* if (a_i[0]) y_o = b_i;", "latch .*fixture"),
    "latch in always_latch": _fixture("  always_latch if (a_i[0]) y_o = b_i;", "latch .*fixture"),
    "memory outside sram": _fixture("""  logic [3:0] memory [16];
  always_ff @(posedge clk_i) begin
    memory[b_i] <= a_i;
    y_o <= memory[a_i];
  end""", "memory outside sram"),
    "array that becomes registers": _fixture("""  logic [3:0] memory [2];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int i = 0; i < 2; i++) memory[i] <= '0;
    end else begin
      memory[b_i[0]] <= a_i;
    end
  end
  assign y_o = memory[a_i[0]];""", "(Replacing memory|memory outside sram)"),
    "one sram too many": _fixture("  " + _SRAM, "1 memories of 64 bits in all; expected 0", (0, 0)),
    "an sram missing": _fixture("  assign y_o = a_i;", "expected 1 of 64", (1, 64)),
    "an sram of the wrong size": _fixture("  " + _SRAM, "expected 1 of 128", (1, 128)),
    "two drivers": _fixture("""  assign y_o = a_i;
  pass u_pass (.x_i(b_i), .x_o(y_o));""", "multiple conflicting drivers", modules=_PASS),
    "no driver": _fixture("""  logic [3:0] nothing;
  assign y_o = nothing;""", "no driver"),
    "loop in a module": _fixture("  assign y_o = a_i ^ {y_o[2:0], y_o[3]};", "loop"),
    "loop through modules": _fixture("""  logic [3:0] x;
  pass u_pass (.x_i(x), .x_o(y_o));
  assign x = y_o & a_i;""", "loop", modules=_PASS),
    "port of another width": _fixture("  pass u_pass (.x_i(a_i[1:0]), .x_o(y_o));", "[Rr]esizing", modules=_PASS),
    "syntax error": _fixture("  assign y_o = ;", "ERROR"),
}
