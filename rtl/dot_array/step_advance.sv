// The loop nest: which step follows a step. A dimension steps when those inside it have come to their end.
module step_advance #(
  parameter int unsigned SpanBits = 4,
  parameter int unsigned AddressBits = 4
) (
  input  logic                     enable_i,
  input  logic [8*20-1:0]          start_i,      // where the step begins in the layer
  input  logic [8*20-1:0]          remaining_i,  // from there to the pass's end
  input  logic [8*AddressBits-1:0] part_i,       // what each dimension adds to the accumulator's number
  input  logic [8*20-1:0]          pass_start_i,
  input  logic [8*20-1:0]          pass_extent_i,
  input  logic [8*SpanBits-1:0]    axis_i,
  input  logic [63:0]              inner_i,
  input  logic [8*AddressBits-1:0] distance_i,

  output logic                     last_o,       // nothing follows
  output logic [8*20-1:0]          start_o,
  output logic [8*20-1:0]          remaining_o,
  output logic [8*AddressBits-1:0] part_o
);

  logic [7:0] more;

  always_comb begin
    more        = '0;
    last_o      = 1'b1;
    start_o     = start_i;
    remaining_o = remaining_i;
    part_o      = part_i;
    if (enable_i) begin
      for (int unsigned d = 0; d < 8; d++) more[d] = remaining_i[d*20 +: 20] > 20'(axis_i[d*SpanBits +: SpanBits]);
      last_o = more == '0;
      for (int unsigned d = 0; d < 8; d++) begin
        if ((inner_i[d*8 +: 8] & more) == '0) begin
          if (more[d]) begin
            start_o[d*20 +: 20]     = start_i[d*20 +: 20] + 20'(axis_i[d*SpanBits +: SpanBits]);
            remaining_o[d*20 +: 20] = remaining_i[d*20 +: 20] - 20'(axis_i[d*SpanBits +: SpanBits]);
            part_o[d*AddressBits +: AddressBits] = part_i[d*AddressBits +: AddressBits] +
                                                   distance_i[d*AddressBits +: AddressBits];
          end else begin
            start_o[d*20 +: 20]     = pass_start_i[d*20 +: 20];
            remaining_o[d*20 +: 20] = pass_extent_i[d*20 +: 20];
            part_o[d*AddressBits +: AddressBits] = '0;
          end
        end
      end
    end
  end

endmodule
