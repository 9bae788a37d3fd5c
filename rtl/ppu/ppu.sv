// Post-processing unit: requantizes `Results` accumulators side by side, a beat a cycle, in four stages. A beat's
// codes stand at the output in the fourth cycle after it; while nobody takes them the whole pipeline holds.
`include "assertions.svh"

module ppu #(
  parameter int unsigned Results = 8,
  parameter int unsigned AccumulatorBits = 32
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,

  input  logic                               cfg_valid_i,
  input  logic [9:0]                         cfg_addr_i,
  input  logic [31:0]                        cfg_data_i,

  input  logic                               sums_valid_i,
  output logic                               sums_ready_o,
  input  logic [Results*AccumulatorBits-1:0] sums_data_i,   // signed
  input  logic [Results*64-1:0]              bias_i,        // signed
  input  logic [Results*31-1:0]              multiplier_i,  // 0, or 2^30 to 2^31 - 1
  input  logic [Results*6-1:0]               shift_i,       // 1 to 62

  output logic                               codes_valid_o,
  input  logic                               codes_ready_i,
  output logic [Results*16-1:0]              codes_data_o,  // signed

  output logic [31:0]                        evt_requantized_o,
  output logic [31:0]                        evt_saturated_o
);

  localparam int unsigned Stages = 4;

  // Configuration: codes, and with them the clamp's bounds and the zero point, have 16 bits.
  logic signed [15:0] zero_point_q, zero_point_d;
  logic signed [15:0] low_q, low_d;
  logic signed [15:0] high_q, high_d;
  logic               has_table_q, has_table_d;
  logic               table_write;

  assign table_write = cfg_valid_i && cfg_addr_i[9:8] == 2'd1;

  always_comb begin
    zero_point_d = zero_point_q;
    low_d        = low_q;
    high_d       = high_q;
    has_table_d  = has_table_q;
    if (cfg_valid_i) begin
      unique case (cfg_addr_i)
        10'd0:   zero_point_d = cfg_data_i[15:0];
        10'd1:   low_d        = cfg_data_i[15:0];
        10'd2:   high_d       = cfg_data_i[15:0];
        10'd3:   has_table_d  = cfg_data_i[0];
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      zero_point_q <= '0;
      low_q        <= '0;
      high_q       <= '0;
      has_table_q  <= 1'b0;
    end else begin
      zero_point_q <= zero_point_d;
      low_q        <= low_d;
      high_q       <= high_d;
      has_table_q  <= has_table_d;
    end
  end

  // valid_q[s]: a beat stands behind stage s.
  logic [Stages-1:0] valid_q, valid_d;
  logic              advance;
  logic [Stages-1:0] enable;  // the stage takes a beat

  assign advance       = !codes_valid_o || codes_ready_i;
  assign enable        = advance ? {valid_q[Stages-2:0], sums_valid_i} : '0;
  assign valid_d       = advance ? enable : valid_q;
  assign sums_ready_o  = advance;
  assign codes_valid_o = valid_q[Stages-1];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else begin
      valid_q <= valid_d;
    end
  end

  logic [Results-1:0] saturated;

  for (genvar r = 0; r < Results; r++) begin : gen_result
    ppu_requantizer #(
      .AccumulatorBits(AccumulatorBits)
    ) u_requantizer (
      .clk_i          (clk_i),
      .enable_i       (enable),
      .sum_i          (sums_data_i[r*AccumulatorBits +: AccumulatorBits]),
      .bias_i         (bias_i[r*64 +: 64]),
      .multiplier_i   (multiplier_i[r*31 +: 31]),
      .shift_i        (shift_i[r*6 +: 6]),
      .zero_point_i   (zero_point_q),
      .low_i          (low_q),
      .high_i         (high_q),
      .has_table_i    (has_table_q),
      .table_write_i  (table_write),
      .table_address_i(cfg_addr_i[7:0]),
      .table_data_i   (cfg_data_i[15:0]),
      .code_o         (codes_data_o[r*16 +: 16]),
      .saturated_o    (saturated[r])
    );
  end

  // In the cycle in which the beat goes through the last stage.
  always_comb begin
    evt_saturated_o = '0;
    if (enable[Stages-1]) begin
      for (int unsigned r = 0; r < Results; r++) evt_saturated_o += 32'(saturated[r]);
    end
  end

  assign evt_requantized_o = enable[0] ? Results : '0;

  // Parameters.
  `ASSERT_INIT(ResultsPositive, Results >= 1)
  `ASSERT_INIT(AccumulatorBitsInRange, AccumulatorBits >= 2 && AccumulatorBits <= 64)

  // Handshakes: what the environment owes, and what this unit does.
`ifndef SYNTHESIS
  ppu_handshake_check #(
    .Width(Results * (AccumulatorBits + 101))
  ) u_sums_check (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(sums_valid_i),
    .ready_i(sums_ready_o),
    .data_i ({sums_data_i, bias_i, multiplier_i, shift_i})
  );

  ppu_handshake_check #(
    .Width(Results * 16)
  ) u_codes_check (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(codes_valid_o),
    .ready_i(codes_ready_i),
    .data_i (codes_data_o)
  );

  // Only the first result is part of every beat: places beyond the last result hold anything.
  always_ff @(posedge clk_i) begin
    if (rst_ni && sums_valid_i) begin
      MultiplierInRange : assert (multiplier_i[30:0] == '0 || multiplier_i[30]) else $error("%m");
      ShiftInRange : assert (shift_i[5:0] >= 6'd1 && shift_i[5:0] <= 6'd62) else $error("%m");
    end
  end
`endif
  `ASSERT(AcceptsUnlessBlocked, sums_ready_o == (!codes_valid_o || codes_ready_i))
  `ASSERT(HoldsWhenBlocked, codes_valid_o && !codes_ready_i |=> $stable(valid_q))

  // Configuration comes between layers and fits the registers.
  `ASSERT(ConfiguredWhenIdle, cfg_valid_i |-> valid_q == '0 && !sums_valid_i)
  `ASSERT(ConfiguredAddress, cfg_valid_i |-> cfg_addr_i <= 10'd3 || cfg_addr_i[9:8] == 2'd1)
  `ASSERT(ConfiguredCode,
          cfg_valid_i && cfg_addr_i != 10'd3 |-> cfg_data_i == {{16{cfg_data_i[15]}}, cfg_data_i[15:0]})
  `ASSERT(ConfiguredTable, cfg_valid_i && cfg_addr_i == 10'd3 |-> cfg_data_i <= 32'd1)
  `ASSERT(ClampIsARange, sums_valid_i |-> low_q <= high_q)
  `ASSERT(ClampFitsTable, sums_valid_i && has_table_q |-> low_q >= -16'sd128 && high_q <= 16'sd127)

endmodule
