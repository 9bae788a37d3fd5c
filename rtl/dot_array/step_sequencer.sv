// Accepts passes and gives every load and step its cycle. The load of a step begins in the cycle in which the
// step before issues, that of a pass's first step in the cycle in which the pass is accepted.
`include "assertions.svh"

module step_sequencer #(
  parameter int unsigned SpanBits = 4,
  parameter int unsigned AddressBits = 4
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [8*SpanBits-1:0]    axis_i,
  input  logic [63:0]              inner_i,
  input  logic [8*AddressBits-1:0] distance_i,

  input  logic                     pass_valid_i,
  output logic                     pass_ready_o,
  input  logic [8*20-1:0]          pass_start_i,
  input  logic [8*20-1:0]          pass_extent_i,
  input  logic                     pass_opens_i,
  input  logic                     pass_resumes_i,
  input  logic                     pass_closes_i,
  output logic                     accept_o,

  input  logic                     operands_loaded_i,  // those of the step that waits
  input  logic                     bank_ready_i,       // of the pass in progress: free, sums restored

  // The step whose load begins.
  output logic                     load_o,
  output logic                     load_weights_o,     // not those of the step before
  output logic                     load_inputs_o,
  output logic [8*20-1:0]          load_start_o,
  output logic [8*SpanBits-1:0]    load_span_o,

  // The step that issues.
  output logic                     issue_o,
  output logic [AddressBits-1:0]   issue_address_o,    // the accumulator that it adds to
  output logic                     close_o,            // the last one of a pass that closes
  output logic [8*20-1:0]          close_extent_o
);

  // Dimensions that an operand depends on: N 0, G 1, M 2, C 3, P 4, Q 5, R 6, S 7.
  localparam logic [8*20-1:0] WeightDims = {{2{20'hfffff}}, 40'h0, {3{20'hfffff}}, 20'h0};
  localparam logic [8*20-1:0] InputDims  = {{5{20'hfffff}}, 20'h0, {2{20'hfffff}}};

  logic                     busy_q, busy_d;  // a step waits
  logic                     holds_q;         // the operand registers hold those of a step
  logic                     last_q;
  logic                     closes_q;
  logic [8*20-1:0]          pass_start_q, pass_extent_q;
  logic [8*20-1:0]          start_q;         // of the step loaded last
  logic [8*20-1:0]          next_start_q, next_remaining_q;
  logic [8*AddressBits-1:0] next_part_q;
  logic [AddressBits-1:0]   address_q;

  logic                     load_last;
  logic [8*20-1:0]          next_start, next_remaining;
  logic [8*AddressBits-1:0] next_part, load_part;
  logic [8*20-1:0]          load_start, load_remaining, pass_start, pass_extent;
  logic [AddressBits-1:0]   load_address;

  assign issue_o      = busy_q && operands_loaded_i && bank_ready_i;
  assign pass_ready_o = !busy_q || (issue_o && last_q);
  assign accept_o     = pass_valid_i && pass_ready_o;

  // The step whose load begins now: the pass's next, or a new pass's first.
  assign pass_start  = accept_o ? pass_start_i : pass_start_q;
  assign pass_extent = accept_o ? pass_extent_i : pass_extent_q;

  always_comb begin
    load_o         = accept_o;
    load_start     = pass_start_i;
    load_remaining = pass_extent_i;
    load_part      = '0;
    if (busy_q && !last_q) begin
      load_o         = issue_o;
      load_start     = next_start_q;
      load_remaining = next_remaining_q;
      load_part      = next_part_q;
    end
  end

  assign load_start_o   = load_start;
  assign load_weights_o = load_o && (!holds_q || ((load_start ^ start_q) & WeightDims) != '0);
  assign load_inputs_o  = load_o && (!holds_q || ((load_start ^ start_q) & InputDims) != '0);

  always_comb begin
    load_span_o  = axis_i;
    load_address = '0;
    if (load_o) begin
      for (int unsigned d = 0; d < 8; d++) begin
        if (load_remaining[d*20 +: 20] < 20'(axis_i[d*SpanBits +: SpanBits])) begin
          load_span_o[d*SpanBits +: SpanBits] = load_remaining[d*20 +: SpanBits];
        end
        load_address = load_address + load_part[d*AddressBits +: AddressBits];
      end
    end
  end

  step_advance #(
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits)
  ) u_next (
    .enable_i     (load_o),
    .start_i      (load_start),
    .remaining_i  (load_remaining),
    .part_i       (load_part),
    .pass_start_i (pass_start),
    .pass_extent_i(pass_extent),
    .axis_i       (axis_i),
    .inner_i      (inner_i),
    .distance_i   (distance_i),
    .last_o       (load_last),
    .start_o      (next_start),
    .remaining_o  (next_remaining),
    .part_o       (next_part)
  );

  assign issue_address_o = address_q;
  assign close_o         = issue_o && last_q && closes_q;
  assign close_extent_o  = pass_extent_q;

  assign busy_d = load_o || (busy_q && !issue_o);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q           <= 1'b0;
      holds_q          <= 1'b0;
      last_q           <= 1'b0;
      closes_q         <= 1'b0;
      pass_start_q     <= '0;
      pass_extent_q    <= '0;
      start_q          <= '0;
      next_start_q     <= '0;
      next_remaining_q <= '0;
      next_part_q      <= '0;
      address_q        <= '0;
    end else begin
      busy_q <= busy_d;
      if (accept_o) begin
        holds_q       <= 1'b1;
        closes_q      <= pass_closes_i;
        pass_start_q  <= pass_start_i;
        pass_extent_q <= pass_extent_i;
      end
      if (load_o) begin
        start_q          <= load_start;
        last_q           <= load_last;
        address_q        <= load_address;
        next_start_q     <= next_start;
        next_remaining_q <= next_remaining;
        next_part_q      <= next_part;
      end
    end
  end

  `ASSERT_HANDSHAKE(Pass, pass_valid_i, pass_ready_o,
                    ({pass_start_i, pass_extent_i, pass_opens_i, pass_resumes_i, pass_closes_i}))
  `ASSERT(PassReadyHolds, pass_ready_o && !pass_valid_i |=> pass_ready_o)
  for (genvar d = 0; d < 8; d++) begin : gen_pass_check
    `ASSERT(NotEmpty, pass_valid_i |-> pass_extent_i[d*20 +: 20] != '0)
  end

endmodule
