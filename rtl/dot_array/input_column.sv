// A column's inputs: unpacks them from the operand registers when a step issues, subtracts the zero point, and
// holds for each lane the NmM inputs that its weight may select. Padding is zero.
module input_column #(
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned InputBits = 8,
  parameter int unsigned Slots = 8,           // lanes at the narrowest width
  parameter int unsigned Positions = 8,       // at most
  parameter int unsigned PositionBits = 4,
  parameter int unsigned ElementBits = 7,
  parameter int unsigned DataBits = 512,
  localparam int unsigned ValueBits = InputBits + 1
) (
  input  logic                           clk_i,
  input  logic [4:0]                     input_bits_i,
  input  logic signed [ValueBits-1:0]    zero_point_i,
  input  logic [1:0]                     width_log_i,

  input  logic                           load_i,    // a load begins: which elements it brings
  input  logic [Positions-1:0]           present_i,
  input  logic [ElementBits-1:0]         begin_i,

  input  logic                           unpack_i,  // a step issues with new inputs
  input  logic [Slots*PositionBits-1:0]  group_i,
  input  logic [DataBits-1:0]            data_i,
  output logic [Slots*NmM*ValueBits-1:0] inputs_o,  // from the cycle after
  output logic [Positions-1:0]           zero_o     // in the cycle of the issue
);

  localparam int unsigned WindowBits = Positions * InputBits;
  localparam int unsigned DataIndexBits = $clog2(DataBits);
  localparam int unsigned WindowIndexBits = $clog2(WindowBits + InputBits);

  logic [Positions-1:0]   present_q, zero_q, zero_d;
  logic [ElementBits-1:0] begin_q;
  // What is beyond the last position is read by groups that are not full.
  logic [(Positions+NmM-1)*ValueBits-1:0] values;
  logic [Slots*NmM*ValueBits-1:0]         inputs_q, inputs_d;
  logic [WindowBits+InputBits-1:0]        window;
  logic [WindowIndexBits-1:0]             at;
  logic [InputBits-1:0]                   code, mask, sign;
  logic [ValueBits-1:0]                   value;

  assign mask = ~({InputBits{1'b1}} << input_bits_i);
  assign sign = mask & ~(mask >> 1);

  always_comb begin
    values = '0;
    window = '0;
    at     = '0;
    code   = '0;
    value  = '0;
    zero_d = zero_q;
    if (unpack_i) begin
      zero_d = '1;
      window[WindowBits-1:0] = data_i[DataIndexBits'(begin_q) * DataIndexBits'(input_bits_i) +: WindowBits];
      for (int unsigned i = 0; i < Positions; i++) begin
        if (present_q[i]) begin
          code  = window[at +: InputBits] & mask;
          at    = at + WindowIndexBits'(input_bits_i);
          value = {1'b0, code ^ sign} - {1'b0, sign};
          // Of one bit: 0 is -1, 1 is 1.
          if (input_bits_i == 5'd1) value = {{InputBits{!code[0]}}, 1'b1};
          value = value - zero_point_i;
          values[i*ValueBits +: ValueBits] = value;
          zero_d[i] = value == '0;
        end
      end
    end
  end

  assign zero_o = zero_d;

  // Lanes that make one product with an 8-bit multiplier take all of its slots.
  if (NmM == 1 && Scalable == 0) begin : gen_lanes
    logic unused;
    assign unused   = ^{group_i, width_log_i};
    assign inputs_d = values[Slots*ValueBits-1:0];
  end else begin : gen_groups
    logic [1:0] slots_log;  // of a lane
    assign slots_log = Scalable != 0 ? width_log_i : '0;

    always_comb begin
      inputs_d = '0;
      if (unpack_i) begin
        for (int unsigned s = 0; s < Slots; s++) begin
          inputs_d[s*NmM*ValueBits +: NmM*ValueBits] =
              values[32'(group_i[(s >> slots_log)*PositionBits +: PositionBits]) * ValueBits +: NmM*ValueBits];
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      present_q <= present_i;
      begin_q   <= begin_i;
    end
    if (unpack_i) inputs_q <= inputs_d;
    if (unpack_i) zero_q   <= zero_d;
  end

  assign inputs_o = inputs_q;

endmodule
