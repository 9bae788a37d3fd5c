// The layer's configuration registers.
`include "assertions.svh"

module dot_configuration #(
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned InputBits = 8,
  parameter int unsigned SpanBits = 4,      // of what a step covers of a dimension
  parameter int unsigned AddressBits = 4    // of an accumulator's number
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      cfg_valid_i,
  input  logic [9:0]                cfg_addr_i,
  input  logic [31:0]               cfg_data_i,

  output logic [8*SpanBits-1:0]     axis_o,
  output logic [63:0]               inner_o,     // of a dimension: those whose loops are inside its own
  output logic [8*AddressBits-1:0]  distance_o,
  output logic [4:0]                weight_bits_o,
  output logic [4:0]                input_bits_o,
  output logic signed [InputBits:0] zero_point_o,
  output logic                      sparse_o,
  output logic [39:0]               size_o,      // of the input: across (0), down (1); the same below
  output logic [39:0]               stride_o,
  output logic [39:0]               dilation_o,
  output logic [39:0]               pad_o,
  output logic [1:0]                width_log_o  // log2 of the narrower operand's width
);

  logic [8*SpanBits-1:0]    axis_q, axis_d;
  logic [23:0]              depth_q, depth_d;
  logic [8*AddressBits-1:0] distance_q, distance_d;
  logic [4:0]               weight_bits_q, weight_bits_d, input_bits_q, input_bits_d;
  logic [InputBits:0]       zero_point_q, zero_point_d;
  logic                     sparse_q, sparse_d;
  logic [39:0]              size_q, size_d, stride_q, stride_d, dilation_q, dilation_d, pad_q, pad_d;
  logic [1:0]               width_log_q, width_log_d;

  always_comb begin
    axis_d        = axis_q;
    depth_d       = depth_q;
    distance_d    = distance_q;
    weight_bits_d = weight_bits_q;
    input_bits_d  = input_bits_q;
    zero_point_d  = zero_point_q;
    sparse_d      = sparse_q;
    size_d        = size_q;
    stride_d      = stride_q;
    dilation_d    = dilation_q;
    pad_d         = pad_q;
    width_log_d   = width_log_q;
    if (cfg_valid_i) begin
      if (cfg_addr_i[9:3] == 7'd0) axis_d[32'(cfg_addr_i[2:0])*SpanBits +: SpanBits] = cfg_data_i[SpanBits-1:0];
      if (cfg_addr_i[9:3] == 7'd1) depth_d[32'(cfg_data_i[2:0])*3 +: 3] = cfg_addr_i[2:0];
      if (cfg_addr_i[9:3] == 7'd2) begin
        distance_d[32'(cfg_addr_i[2:0])*AddressBits +: AddressBits] = cfg_data_i[AddressBits-1:0];
      end
      case (cfg_addr_i)
        10'd24:  weight_bits_d = cfg_data_i[4:0];
        10'd25:  input_bits_d = cfg_data_i[4:0];
        10'd26:  zero_point_d = cfg_data_i[InputBits:0];
        10'd27:  sparse_d = cfg_data_i[0];
        10'd28:  size_d[39:20] = cfg_data_i[19:0];
        10'd29:  size_d[19:0] = cfg_data_i[19:0];
        10'd30:  stride_d[39:20] = cfg_data_i[19:0];
        10'd31:  stride_d[19:0] = cfg_data_i[19:0];
        10'd32:  dilation_d[39:20] = cfg_data_i[19:0];
        10'd33:  dilation_d[19:0] = cfg_data_i[19:0];
        10'd34:  pad_d[39:20] = cfg_data_i[19:0];
        10'd35:  pad_d[19:0] = cfg_data_i[19:0];
        10'd36:  width_log_d = {cfg_data_i[3] | cfg_data_i[2], cfg_data_i[3] | cfg_data_i[1]};
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      axis_q        <= '0;
      depth_q       <= '0;
      distance_q    <= '0;
      weight_bits_q <= '0;
      input_bits_q  <= '0;
      zero_point_q  <= '0;
      sparse_q      <= 1'b0;
      size_q        <= '0;
      stride_q      <= '0;
      dilation_q    <= '0;
      pad_q         <= '0;
      width_log_q   <= '0;
    end else if (cfg_valid_i) begin
      axis_q        <= axis_d;
      depth_q       <= depth_d;
      distance_q    <= distance_d;
      weight_bits_q <= weight_bits_d;
      input_bits_q  <= input_bits_d;
      zero_point_q  <= zero_point_d;
      sparse_q      <= sparse_d;
      size_q        <= size_d;
      stride_q      <= stride_d;
      dilation_q    <= dilation_d;
      pad_q         <= pad_d;
      width_log_q   <= width_log_d;
    end
  end

  for (genvar d = 0; d < 8; d++) begin : gen_dimension
    for (genvar e = 0; e < 8; e++) begin : gen_other
      assign inner_o[d*8 + e] = depth_q[e*3 +: 3] > depth_q[d*3 +: 3];
    end
  end

  assign axis_o        = axis_q;
  assign distance_o    = distance_q;
  assign weight_bits_o = weight_bits_q;
  assign input_bits_o  = input_bits_q;
  assign zero_point_o  = zero_point_q;
  assign sparse_o      = NmM > 1 && sparse_q;
  assign size_o        = size_q;
  assign stride_o      = stride_q;
  assign dilation_o    = dilation_q;
  assign pad_o         = pad_q;
  assign width_log_o   = width_log_q;

  // What the environment writes fits the registers.
  `ASSERT(Address, cfg_valid_i |-> cfg_addr_i <= 10'd36)
  `ASSERT(Axis, cfg_valid_i && cfg_addr_i <= 10'd7 |-> cfg_data_i != '0 && cfg_data_i >> SpanBits == '0)
  `ASSERT(Loop, cfg_valid_i && cfg_addr_i[9:3] == 7'd1 |-> cfg_data_i <= 32'd7)
  `ASSERT(WeightWidth, cfg_valid_i && cfg_addr_i == 10'd24 |-> cfg_data_i >= 32'd1 && cfg_data_i <= WeightBits)
  `ASSERT(InputWidth, cfg_valid_i && cfg_addr_i == 10'd25 |-> cfg_data_i >= 32'd1 && cfg_data_i <= InputBits)
  `ASSERT(ZeroPoint, cfg_valid_i && cfg_addr_i == 10'd26 |->
          cfg_data_i == {{31 - InputBits{cfg_data_i[InputBits]}}, cfg_data_i[InputBits:0]})
  `ASSERT(Sparse, cfg_valid_i && cfg_addr_i == 10'd27 |->
          cfg_data_i == '0 || (NmM > 1 && cfg_data_i == 32'd1))
  `ASSERT(Geometry, cfg_valid_i && cfg_addr_i >= 10'd28 && cfg_addr_i <= 10'd35 |-> cfg_data_i[31:20] == '0)
  `ASSERT(Width, cfg_valid_i && cfg_addr_i == 10'd36 |-> cfg_data_i == 32'd8 ||
          (Scalable != 0 && (cfg_data_i == 32'd4 || cfg_data_i == 32'd2 || cfg_data_i == 32'd1)))

endmodule
