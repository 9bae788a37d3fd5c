// A pass, first to last cycle: it is accepted, its inputs are loaded, its partial sums restored, detection starts;
// the last issue ends it. The sums of a pass that closes leave from five cycles after that.
`include "assertions.svh"

module pass_control #(
  parameter int unsigned Levels = 1     // of the leading-non-zero detection
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        pass_valid_i,
  output logic        pass_ready_o,
  input  logic [19:0] pass_rows_i,
  input  logic        pass_opens_i,
  input  logic        pass_resumes_i,
  input  logic        pass_closes_i,

  output logic        accept_o,
  input  logic        loading_i,      // inputs are still to come
  output logic        restoring_o,    // partial sums are still to come, and the registers are free
  output logic [19:0] restore_rows_o,
  input  logic        restored_i,     // the last ones come in
  output logic        start_o,        // detection starts
  output logic        walking_o,      // from the first cycle that can broadcast to that of the last issue
  input  logic        walked_i,       // nothing is left after this cycle
  output logic        last_o,
  output logic        draining_o,
  output logic [19:0] drain_rows_o,
  input  logic        drained_i       // the last results leave
);

  localparam int unsigned FillBits = $clog2(Levels + 1);

  logic                pending_q, pending;      // accepted, not started
  logic                restores_q, restores;    // partial sums are still to come
  logic                opens_q, opens;
  logic                closes_q;
  logic                running_q;               // from the cycle after the start to that of the last issue
  logic [FillBits-1:0] fill_q;                  // cycles that the detection still takes
  logic [19:0]         rows_q, drain_rows_q;
  logic [3:0]          drain_waits_q;           // stages that the last entry has behind it
  logic                draining_q, is_free;

  assign walking_o    = running_q & (fill_q == '0);
  assign last_o       = walking_o & walked_i;
  assign pass_ready_o = ~(pending_q | running_q) | last_o;
  assign accept_o     = pass_valid_i & pass_ready_o;

  assign pending  = pending_q | accept_o;
  assign opens    = accept_o ? pass_opens_i : opens_q;
  assign restores = accept_o ? pass_resumes_i : restores_q;
  assign is_free  = ~draining_q & (drain_waits_q == '0) & ~(last_o & closes_q);

  assign restoring_o    = restores & is_free;
  assign restore_rows_o = accept_o ? pass_rows_i : rows_q;
  assign start_o        = pending & ~running_q & ~loading_i & ~restores & (~opens | is_free);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q     <= 1'b0;
      restores_q    <= 1'b0;
      opens_q       <= 1'b0;
      closes_q      <= 1'b1;
      running_q     <= 1'b0;
      fill_q        <= '0;
      drain_waits_q <= '0;
      draining_q    <= 1'b0;
    end else begin
      pending_q  <= pending & ~start_o;
      restores_q <= restores & ~restored_i;
      opens_q    <= opens;
      if (accept_o) closes_q <= pass_closes_i;
      running_q  <= start_o | (running_q & ~last_o);
      if (start_o)           fill_q <= FillBits'(Levels - 1);
      else if (fill_q != '0) fill_q <= fill_q - 1'b1;
      drain_waits_q <= {drain_waits_q[2:0], last_o & closes_q};
      draining_q    <= drain_waits_q[3] | (draining_q & ~drained_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept_o) rows_q <= pass_rows_i;
    if (last_o) drain_rows_q <= rows_q;
  end

  assign draining_o   = draining_q;
  assign drain_rows_o = drain_rows_q;

  `ASSERT_INIT(HasLevels, Levels >= 1)
  `ASSERT(OpensAfterClosing, accept_o |-> pass_opens_i == closes_q)
  `ASSERT(ResumesWhatItOpens, accept_o && pass_resumes_i |-> pass_opens_i)
  `ASSERT(HasRows, accept_o |-> pass_rows_i != '0)

endmodule
