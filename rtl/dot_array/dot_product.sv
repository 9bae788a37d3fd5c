// A PE's arithmetic: selects each weight's input from the group of m, multiplies and reduces.
module dot_product #(
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned InputBits = 8,
  parameter int unsigned Slots = 8,           // lanes at the narrowest width
  localparam int unsigned SelectBits = NmM > 1 ? $clog2(NmM) : 1,
  localparam int unsigned CodeBits = Scalable != 0 ? WeightBits + 1 : WeightBits,
  localparam int unsigned ValueBits = InputBits + 1,
  localparam int unsigned SumBits = WeightBits + ValueBits + $clog2(Slots)
) (
  input  logic                           clk_i,
  input  logic                           enable_i,
  input  logic [1:0]                     width_log_i,
  input  logic                           narrow_inputs_i,  // the inputs are the narrower operand
  input  logic [Slots*CodeBits-1:0]      weights_i,
  input  logic [Slots*SelectBits-1:0]    select_i,
  input  logic [Slots*NmM*ValueBits-1:0] inputs_i,
  output logic [SumBits-1:0]             sum_o
);

  logic [SumBits-1:0] sum_q, sum_d;

  if (Scalable == 0) begin : gen_lanes
    logic unused;
    assign unused = ^{width_log_i, narrow_inputs_i};
    if (NmM == 1) begin : gen_dense
      logic unused_select;
      assign unused_select = ^select_i;
      always_comb begin
        sum_d = '0;
        if (enable_i) begin
          for (int unsigned l = 0; l < Slots; l++) begin
            sum_d = sum_d + SumBits'($signed(weights_i[l*CodeBits +: CodeBits])) *
                            SumBits'($signed(inputs_i[l*ValueBits +: ValueBits]));
          end
        end
      end
    end else begin : gen_nm
      logic [ValueBits-1:0] value;
      always_comb begin
        sum_d = '0;
        value = '0;
        if (enable_i) begin
          for (int unsigned l = 0; l < Slots; l++) begin
            value = inputs_i[(l*NmM + 32'(select_i[l*SelectBits +: SelectBits])) * ValueBits +: ValueBits];
            sum_d = sum_d + SumBits'($signed(weights_i[l*CodeBits +: CodeBits])) * SumBits'($signed(value));
          end
        end
      end
    end
  end else begin : gen_scalable
    // Eight slots make one 8-bit multiplier.
    localparam int unsigned Multipliers = Slots / 8;
    localparam int unsigned ProductBits = WeightBits + ValueBits + 3;
    logic [Slots*ValueBits-1:0]         values;
    logic [Multipliers*ProductBits-1:0] products;

    for (genvar s = 0; s < Slots; s++) begin : gen_slot
      if (NmM == 1) begin : gen_dense
        logic unused;
        assign unused = ^select_i[s*SelectBits +: SelectBits];
        assign values[s*ValueBits +: ValueBits] = inputs_i[s*ValueBits +: ValueBits];
      end else begin : gen_nm
        assign values[s*ValueBits +: ValueBits] =
            inputs_i[(s*NmM + 32'(select_i[s*SelectBits +: SelectBits])) * ValueBits +: ValueBits];
      end
    end

    for (genvar i = 0; i < Multipliers; i++) begin : gen_multiplier
      logic [8*9-1:0] row_weights, row_inputs;
      assign row_weights = weights_i[i*8*CodeBits +: 8*CodeBits];
      assign row_inputs  = values[i*8*ValueBits +: 8*ValueBits];

      subword_multiplier u_multiplier (
        .enable_i   (enable_i),
        .width_log_i(width_log_i),
        .wide_i     (narrow_inputs_i ? row_weights : row_inputs),
        .narrow_i   (narrow_inputs_i ? row_inputs : row_weights),
        .sum_o      (products[i*ProductBits +: ProductBits])
      );
    end

    always_comb begin
      sum_d = '0;
      if (enable_i) begin
        for (int unsigned i = 0; i < Multipliers; i++) begin
          sum_d = sum_d + SumBits'($signed(products[i*ProductBits +: ProductBits]));
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) sum_q <= sum_d;
  end

  assign sum_o = sum_q;

endmodule
