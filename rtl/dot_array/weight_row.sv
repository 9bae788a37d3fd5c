// A row's weights: unpacks codes and, if they are n:m, their positions in the group of m from the operand
// registers when a step issues, and holds them.
module weight_row #(
  parameter int unsigned NmM = 1,
  parameter int unsigned Scalable = 0,
  parameter int unsigned WeightBits = 8,
  parameter int unsigned Slots = 8,           // lanes at the narrowest width
  parameter int unsigned LaneCountBits = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned Columns = 8,
  parameter int unsigned Positions = 8,
  parameter int unsigned PositionBits = 4,
  parameter int unsigned DataBits = 512,
  localparam int unsigned SelectBits = NmM > 1 ? $clog2(NmM) : 1,
  localparam int unsigned CodeBits = Scalable != 0 ? WeightBits + 1 : WeightBits,
  localparam int unsigned ZeroBits = $clog2(Columns + 1)
) (
  input  logic                          clk_i,
  input  logic [RowBits-1:0]            row_i,      // which row this is
  input  logic [4:0]                    weight_bits_i,
  input  logic                          sparse_i,
  input  logic [1:0]                    width_log_i,
  input  logic [LaneCountBits-1:0]      lanes_i,
  input  logic [Slots*PositionBits-1:0] group_i,

  input  logic                          unpack_i,   // a step issues with new weights
  input  logic [DataBits-1:0]           data_i,
  output logic [Slots*CodeBits-1:0]     weights_o,  // from the cycle after
  output logic [Slots*SelectBits-1:0]   select_o,

  // Multipliers of the row whose input is zero, in the cycle of the issue.
  input  logic                          count_i,
  input  logic [Positions*ZeroBits-1:0] zeros_i,    // columns with a zero there, by position
  output logic [31:0]                   gated_o
);

  localparam int unsigned WidestElement = WeightBits + (NmM > 1 ? SelectBits : 0);
  localparam int unsigned WindowBits = Slots * WidestElement;
  localparam int unsigned DataIndexBits = $clog2(DataBits);
  localparam int unsigned WindowIndexBits = $clog2(WindowBits + WidestElement);

  logic [Slots*CodeBits-1:0]           weights_q, weights_d;
  logic [WindowBits+WidestElement-1:0] window;
  logic [WindowIndexBits-1:0]          element_bits;
  logic [WeightBits-1:0]               code, mask, sign;
  logic [1:0]                          slots_log;  // of a lane

  assign slots_log    = Scalable != 0 ? width_log_i : '0;
  assign mask         = ~({WeightBits{1'b1}} << weight_bits_i);
  assign sign         = mask & ~(mask >> 1);
  assign element_bits = WindowIndexBits'(weight_bits_i) +
                        (NmM > 1 && sparse_i ? WindowIndexBits'(SelectBits) : '0);

  always_comb begin
    weights_d = '0;
    window    = '0;
    code      = '0;
    if (unpack_i) begin
      window[WindowBits-1:0] = data_i[DataIndexBits'(row_i) * DataIndexBits'(lanes_i) *
                                      DataIndexBits'(element_bits) +: WindowBits];
      for (int unsigned s = 0; s < Slots; s++) begin
        if (LaneCountBits'(s >> slots_log) < lanes_i) begin
          code = window[WindowIndexBits'(s >> slots_log) * element_bits +: WeightBits] & mask;
          // Of one bit: 0 is -1, 1 is 1.
          weights_d[s*CodeBits +: CodeBits] = weight_bits_i == 5'd1 ? {{CodeBits-1{!code[0]}}, 1'b1}
                                               : CodeBits'($signed((code ^ sign) - sign));
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (unpack_i) weights_q <= weights_d;
  end

  assign weights_o = weights_q;

  if (NmM == 1) begin : gen_dense
    logic unused;
    assign unused   = ^{count_i, zeros_i, group_i, sparse_i};
    assign select_o = '0;
    assign gated_o  = '0;
  end else begin : gen_nm
    logic [PositionBits-1:0]     position;
    logic [Slots*SelectBits-1:0] select_q, select_d;  // by lane

    always_comb begin
      select_d = select_q;
      if (unpack_i) begin
        select_d = '0;
        if (sparse_i) begin
          for (int unsigned l = 0; l < Slots; l++) begin
            if (LaneCountBits'(l) < lanes_i) begin
              select_d[l*SelectBits +: SelectBits] =
                  window[WindowIndexBits'(l) * element_bits + WindowIndexBits'(weight_bits_i) +: SelectBits];
            end
          end
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (unpack_i) select_q <= select_d;
    end

    always_comb begin
      gated_o  = '0;
      position = '0;
      if (count_i) begin
        for (int unsigned l = 0; l < Slots; l++) begin
          if (LaneCountBits'(l) < lanes_i) begin
            position = group_i[l*PositionBits +: PositionBits] +
                       PositionBits'(select_d[l*SelectBits +: SelectBits]);
            gated_o  = gated_o + 32'(zeros_i[32'(position)*ZeroBits +: ZeroBits]);
          end
        end
      end
    end

    for (genvar s = 0; s < Slots; s++) begin : gen_slot
      assign select_o[s*SelectBits +: SelectBits] = select_q[32'(s >> slots_log)*SelectBits +: SelectBits];
    end
  end

endmodule
