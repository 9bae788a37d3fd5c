// The two banks of accumulators: which one the pass in progress adds to, which ones are full or drain, which
// accumulators hold anything; partial sums come in and results leave.
`include "assertions.svh"

module accumulator_banks #(
  parameter int unsigned OutputPort = 8,
  parameter int unsigned SpanBits = 4,
  parameter int unsigned AddressBits = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned ColumnBits = 3,
  parameter int unsigned TileBits = 8
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic [8*SpanBits-1:0]             axis_i,
  input  logic [8*AddressBits-1:0]          distance_i,

  input  logic                              accept_i,       // a pass
  input  logic                              opens_i,
  input  logic                              resumes_i,
  input  logic [8*20-1:0]                   extent_i,
  output logic                              issue_bank_o,   // of the step that issues
  output logic                              ready_o,        // the bank of the pass in progress
  input  logic                              close_i,        // its last step issues
  input  logic [8*20-1:0]                   close_extent_i,

  input  logic                              add_i,          // a step's sums are added
  input  logic                              add_bank_i,
  input  logic [AddressBits-1:0]            add_address_i,
  output logic                              add_touched_o,  // to a sum

  input  logic                              sums_valid_i,
  output logic                              sums_ready_o,
  output logic [OutputPort-1:0]             restore_o,
  output logic                              restore_bank_o,
  output logic [OutputPort*AddressBits-1:0] restore_address_o,
  output logic [OutputPort*RowBits-1:0]     restore_row_o,
  output logic [OutputPort*ColumnBits-1:0]  restore_column_o,

  output logic                              results_valid_o,
  input  logic                              results_ready_i,
  output logic                              results_last_o,
  output logic [OutputPort-1:0]             drain_o,
  output logic                              drain_bank_o,
  output logic [OutputPort*AddressBits-1:0] drain_address_o,
  output logic [OutputPort*RowBits-1:0]     drain_row_o,
  output logic [OutputPort*ColumnBits-1:0]  drain_column_o
);

  localparam int unsigned BankSize = 2**AddressBits;

  logic                  bank_q, bank_d;
  logic                  restoring_q, restoring_d;  // partial sums of the pass in progress are missing
  logic [8*20-1:0]       restore_extent_q;
  logic [1:0]            occupied_q, occupied_d;    // closed, not yet drained
  logic [1:0]            full_q, full_d;            // complete, not yet drained
  logic [3:0]            closing_q;                 // banks that closed one and two cycles ago
  logic [1:0]            close_banks;
  logic [2*160-1:0]      extent_q;
  logic [2*BankSize-1:0] touched_q, touched_d;
  logic                  drain_bank_q;
  logic                  restore_now, restored, restore_last, drain_next, drained;
  logic [OutputPort-1:0] restore_places;

  assign bank_d       = bank_q ^ (accept_i && opens_i);
  assign issue_bank_o = bank_q;
  assign ready_o      = !restoring_q && !occupied_q[bank_q];

  // Partial sums.
  assign restore_now    = restoring_q || (accept_i && resumes_i);
  assign sums_ready_o   = restore_now && !occupied_q[bank_d];
  assign restored       = sums_ready_o && sums_valid_i && restore_last;
  assign restoring_d    = restore_now && !restored;
  assign restore_o      = sums_valid_i ? restore_places : '0;
  assign restore_bank_o = bank_d;

  place_walker #(
    .OutputPort (OutputPort),
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits),
    .RowBits    (RowBits),
    .ColumnBits (ColumnBits),
    .TileBits   (TileBits)
  ) u_restore_walker (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .axis_i    (axis_i),
    .distance_i(distance_i),
    .extent_i  (restoring_q ? restore_extent_q : extent_i),
    .enable_i  (sums_ready_o),
    .next_i    (sums_ready_o && sums_valid_i),
    .last_o    (restore_last),
    .valid_o   (restore_places),
    .address_o (restore_address_o),
    .row_o     (restore_row_o),
    .column_o  (restore_column_o)
  );

  // Results. Banks close and drain in turn.
  assign results_valid_o = full_q[drain_bank_q];
  assign drain_next      = results_valid_o && results_ready_i;
  assign drained         = drain_next && results_last_o;
  assign drain_bank_o    = drain_bank_q;

  place_walker #(
    .OutputPort (OutputPort),
    .SpanBits   (SpanBits),
    .AddressBits(AddressBits),
    .RowBits    (RowBits),
    .ColumnBits (ColumnBits),
    .TileBits   (TileBits)
  ) u_drain_walker (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .axis_i    (axis_i),
    .distance_i(distance_i),
    .extent_i  (extent_q[32'(drain_bank_q)*160 +: 160]),
    .enable_i  (results_valid_o),
    .next_i    (drain_next),
    .last_o    (results_last_o),
    .valid_o   (drain_o),
    .address_o (drain_address_o),
    .row_o     (drain_row_o),
    .column_o  (drain_column_o)
  );

  always_comb begin
    close_banks = '0;
    if (close_i) close_banks[issue_bank_o] = 1'b1;
    occupied_d = occupied_q | close_banks;
    full_d     = full_q | closing_q[2 +: 2];
    if (drained) begin
      occupied_d[drain_bank_q] = 1'b0;
      full_d[drain_bank_q]     = 1'b0;
    end
  end

  always_comb begin
    touched_d = touched_q;
    if (add_i)    touched_d[32'(add_bank_i)*BankSize + 32'(add_address_i)] = 1'b1;
    if (restored) touched_d[32'(bank_d)*BankSize +: BankSize] = '1;
    if (drained)  touched_d[32'(drain_bank_q)*BankSize +: BankSize] = '0;
  end

  assign add_touched_o = touched_q[32'(add_bank_i)*BankSize + 32'(add_address_i)];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bank_q           <= 1'b1;
      restoring_q      <= 1'b0;
      restore_extent_q <= '0;
      occupied_q       <= '0;
      full_q           <= '0;
      closing_q        <= '0;
      extent_q         <= '0;
      touched_q        <= '0;
      drain_bank_q     <= 1'b0;
    end else begin
      bank_q      <= bank_d;
      restoring_q <= restoring_d;
      occupied_q  <= occupied_d;
      full_q      <= full_d;
      closing_q   <= {closing_q[0 +: 2], close_banks};
      if (accept_i)                   restore_extent_q <= extent_i;
      if (close_i)                    extent_q[32'(issue_bank_o)*160 +: 160] <= close_extent_i;
      if (add_i || restored || drained) touched_q <= touched_d;
      if (drained)                    drain_bank_q <= !drain_bank_q;
    end
  end

  `ASSERT(SumsReadyHolds, sums_ready_o && !sums_valid_i |=> sums_ready_o)
  `ASSERT(AddsToFreeBank, add_i |-> !full_q[add_bank_i])

endmodule
