// The operand registers of one operand: beats as they came, and the handshake that brings them. A load begins
// in the cycle in which the step before issues; what that step uses is overwritten from the end of this cycle on.
`include "assertions.svh"

module operand_loader #(
  parameter int unsigned BeatBits = 512,
  parameter int unsigned Beats = 1,        // that a load takes at most
  parameter int unsigned CountBits = 10    // of a load's bits
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      start_i,   // a load begins
  input  logic [CountBits-1:0]      bits_i,    // what it brings
  output logic                      loaded_o,  // nothing is missing; in the cycle of start_i of the load before

  input  logic                      valid_i,
  output logic                      ready_o,
  input  logic [BeatBits-1:0]       data_i,
  output logic [Beats*BeatBits-1:0] data_o
);

  localparam int unsigned BeatIndexBits = Beats > 1 ? $clog2(Beats) : 1;

  logic                      pending_q, pending_d;
  logic [CountBits-1:0]      left_q, left_d;  // bits to come
  logic [BeatIndexBits-1:0]  beat_q, beat_d, beat;
  logic [Beats*BeatBits-1:0] data_q;
  logic                      take;
  logic [CountBits-1:0]      left;

  assign left    = start_i ? bits_i : left_q;
  assign beat    = start_i ? '0 : beat_q;
  assign ready_o = start_i ? bits_i != '0 : pending_q;
  assign take    = ready_o && valid_i;

  always_comb begin
    pending_d = ready_o;
    left_d    = left;
    beat_d    = beat;
    if (take) begin
      beat_d = beat + 1'b1;
      left_d = left - CountBits'(BeatBits);
      if (32'(left) <= BeatBits) pending_d = 1'b0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q <= 1'b0;
      left_q    <= '0;
      beat_q    <= '0;
    end else begin
      pending_q <= pending_d;
      left_q    <= left_d;
      beat_q    <= beat_d;
    end
  end

  if (Beats == 1) begin : gen_single
    always_ff @(posedge clk_i) begin
      if (take) data_q <= data_i;
    end
  end else begin : gen_several
    always_ff @(posedge clk_i) begin
      if (take) data_q[32'(beat)*BeatBits +: BeatBits] <= data_i;
    end
  end

  assign loaded_o = !pending_q;
  assign data_o   = data_q;

  `ASSERT(Fits, start_i |-> 32'(bits_i) <= Beats * BeatBits)
  `ASSERT(StartsWhenLoaded, start_i |-> loaded_o)
  `ASSERT_HANDSHAKE(Beat, valid_i, ready_o, data_i)
  `ASSERT(ReadyHolds, ready_o && !valid_i |=> ready_o)

endmodule
