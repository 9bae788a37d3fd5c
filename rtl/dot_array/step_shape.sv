// What a step covers in rows, columns, lanes and positions of the input vector, and at which position each
// lane's group of NmM inputs begins.
`include "assertions.svh"

module step_shape #(
  parameter int unsigned NmN = 1,
  parameter int unsigned NmM = 1,
  parameter int unsigned SpanBits = 4,
  parameter int unsigned Lanes = 8,        // at most
  parameter int unsigned RowCountBits = 4,
  parameter int unsigned ColumnCountBits = 4,
  parameter int unsigned LaneCountBits = 4,
  parameter int unsigned PositionBits = 4
) (
  input  logic                          enable_i,
  input  logic                          sparse_i,
  input  logic [8*SpanBits-1:0]         span_i,
  output logic [RowCountBits-1:0]       rows_o,
  output logic [ColumnCountBits-1:0]    columns_o,
  output logic [LaneCountBits-1:0]      lanes_o,
  output logic [PositionBits-1:0]       positions_o,
  output logic [Lanes*PositionBits-1:0] group_o
);

  localparam int unsigned N = 0, M = 2, C = 3, P = 4, Q = 5, R = 6, S = 7;

  logic [SpanBits-1:0] span_n, span_m, span_c, span_p, span_q, span_r, span_s;

  assign span_n = span_i[N*SpanBits +: SpanBits];
  assign span_m = span_i[M*SpanBits +: SpanBits];
  assign span_c = span_i[C*SpanBits +: SpanBits];
  assign span_p = span_i[P*SpanBits +: SpanBits];
  assign span_q = span_i[Q*SpanBits +: SpanBits];
  assign span_r = span_i[R*SpanBits +: SpanBits];
  assign span_s = span_i[S*SpanBits +: SpanBits];

  assign rows_o      = RowCountBits'(span_m);
  assign columns_o   = ColumnCountBits'(span_n) * ColumnCountBits'(span_p) * ColumnCountBits'(span_q);
  assign positions_o = PositionBits'(span_r) * PositionBits'(span_s) * PositionBits'(span_c);

  if (NmM == 1) begin : gen_dense
    logic unused_nm;
    assign unused_nm = ^{enable_i, sparse_i};
    assign lanes_o = LaneCountBits'(positions_o);
    for (genvar l = 0; l < Lanes; l++) begin : gen_lane
      assign group_o[l*PositionBits +: PositionBits] = PositionBits'(l);
    end
  end else begin : gen_nm
    localparam int unsigned KeptBits = $clog2(NmN + 1);
    logic [31:0]              rest;             // channels of a group that is not full
    logic [LaneCountBits-1:0] kept, in_kernel;  // weights of one kernel position
    logic [KeptBits-1:0]      in_group;
    logic [PositionBits-1:0]  kernel_begin, group_begin;

    always_comb begin
      rest = 32'(span_c) % NmM;
      kept = LaneCountBits'(span_c);
      if (sparse_i) kept = LaneCountBits'(32'(span_c) / NmM * NmN + (rest < NmN ? rest : NmN));
      lanes_o = LaneCountBits'(span_r) * LaneCountBits'(span_s) * kept;
    end

    always_comb begin
      group_o      = '0;
      in_kernel    = '0;
      in_group     = '0;
      kernel_begin = '0;
      group_begin  = '0;
      if (enable_i) begin
        for (int unsigned l = 0; l < Lanes; l++) begin
          if (LaneCountBits'(l) < lanes_o) begin
            group_o[l*PositionBits +: PositionBits] = sparse_i ? group_begin : PositionBits'(l);
          end
          in_kernel  = in_kernel + 1'b1;
          in_group   = in_group + 1'b1;
          if (in_kernel == kept) begin
            kernel_begin = kernel_begin + PositionBits'(span_c);
            group_begin  = kernel_begin;
            in_kernel    = '0;
            in_group     = '0;
          end else if (in_group == KeptBits'(NmN)) begin
            group_begin = group_begin + PositionBits'(NmM);
            in_group    = '0;
          end
        end
      end
    end
  end

  // Groups do not count here; an axis is narrower than the widest of all.
  logic unused;
  assign unused = ^{span_i, span_n, span_m, span_c, span_p, span_q, span_r, span_s};

endmodule
