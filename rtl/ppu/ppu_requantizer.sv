// One result's requantization, exact for every sum and bias. Each stage ends in a register that it writes when
// enabled:
//   0 bias       sum + bias
//   1 multiply   (sum + bias) · multiplier
//   2 round      shifted right with rounding half up, plus the zero point
//   3 clamp      to [low, high], and the table's entry
module ppu_requantizer #(
  parameter int unsigned AccumulatorBits = 32
) (
  input  logic                              clk_i,
  input  logic [3:0]                        enable_i,  // of each stage

  input  logic signed [AccumulatorBits-1:0] sum_i,
  input  logic signed [63:0]                bias_i,
  input  logic [30:0]                       multiplier_i,
  input  logic [5:0]                        shift_i,

  input  logic signed [15:0]                zero_point_i,
  input  logic signed [15:0]                low_i,
  input  logic signed [15:0]                high_i,
  input  logic                              has_table_i,
  input  logic                              table_write_i,
  input  logic [7:0]                        table_address_i,
  input  logic [15:0]                       table_data_i,

  output logic [15:0]                       code_o,
  output logic                              saturated_o  // the clamp changes what is in stage 3
);

  localparam int unsigned SumBits = 65;      // of two numbers of at most 64 bits
  localparam int unsigned ProductBits = 96;  // of 65 signed by 31 unsigned bits
  // What is beyond 19 bits before the last shift by one is beyond the clamp, whatever the zero point.
  localparam int unsigned NearBits = 19;

  // Stage 0: bias. One bit of the shift is kept for the rounding.
  logic signed [SumBits-1:0] biased_q;
  logic [30:0]               multiplier_q;
  logic [5:0]                shift_0_q;

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      biased_q     <= SumBits'(sum_i) + SumBits'(bias_i);
      multiplier_q <= multiplier_i;
      shift_0_q    <= shift_i - 6'd1;
    end
  end

  // Stage 1: multiply, the sum's halves apart, so that no multiplication has more than 64 bits of product.
  logic [62:0]                   product_low;
  logic signed [63:0]            product_high;
  logic signed [ProductBits-1:0] product_q;
  logic [5:0]                    shift_1_q;

  assign product_low  = 63'(biased_q[31:0]) * 63'(multiplier_q);
  assign product_high = 64'($signed(biased_q[SumBits-1:32])) * 64'($signed({1'b0, multiplier_q}));

  always_ff @(posedge clk_i) begin
    if (enable_i[1]) begin
      product_q <= {product_high + 64'(product_low[62:32]), product_low[31:0]};
      shift_1_q <= shift_0_q;
    end
  end

  // Stage 2: shift, round and zero point.
  logic signed [ProductBits-1:0] shifted;
  logic                          is_near;  // fits NearBits
  logic signed [NearBits-1:0]    near;
  logic signed [NearBits-1:0]    code_d, code_q;

  assign shifted = product_q >>> shift_1_q;
  assign is_near = shifted[ProductBits-1:NearBits-1] == {(ProductBits - NearBits + 1){shifted[ProductBits-1]}};
  assign near    = is_near ? shifted[NearBits-1:0]
                           : {shifted[ProductBits-1], {(NearBits - 1){!shifted[ProductBits-1]}}};
  // Half up: (shifted + 1) / 2, rounded down.
  assign code_d  = (near >>> 1) + NearBits'($signed({1'b0, near[0]})) + NearBits'(zero_point_i);

  always_ff @(posedge clk_i) begin
    if (enable_i[2]) code_q <= code_d;
  end

  // Stage 3: clamp or table.
  logic        is_low, is_high;
  logic [15:0] clamped, clamped_q, entry;

  assign is_low      = code_q < NearBits'(low_i);
  assign is_high     = code_q > NearBits'(high_i);
  assign clamped     = is_low ? low_i : is_high ? high_i : code_q[15:0];
  assign saturated_o = is_low || is_high;

  always_ff @(posedge clk_i) begin
    if (enable_i[3] && !has_table_i) clamped_q <= clamped;
  end

  // Entry y + 128, of y in two's complement.
  sram #(
    .Width(16),
    .Depth(256)
  ) u_table (
    .clk_i          (clk_i),
    .read_i         (enable_i[3] && has_table_i),
    .read_address_i (clamped[7:0] ^ 8'h80),
    .read_data_o    (entry),
    .write_clk_i    (clk_i),
    .write_i        (table_write_i),
    .write_address_i(table_address_i),
    .write_data_i   (table_data_i)
  );

  assign code_o = has_table_i ? entry : clamped_q;

endmodule
