// Walks over a pass's sums, OutputPort of them a beat: accumulator by accumulator (N outermost, then G, M, P, Q),
// row by row, column by column, without the places beyond the pass's end.
module place_walker #(
  parameter int unsigned OutputPort = 8,
  parameter int unsigned SpanBits = 4,
  parameter int unsigned AddressBits = 4,
  parameter int unsigned RowBits = 3,
  parameter int unsigned ColumnBits = 3,
  parameter int unsigned TileBits = 8        // of a pass's extent
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic [8*SpanBits-1:0]             axis_i,
  input  logic [8*AddressBits-1:0]          distance_i,
  input  logic [8*20-1:0]                   extent_i,  // of the pass; stable from the first beat to the last
  input  logic                              enable_i,  // a beat is looked at
  input  logic                              next_i,    // and moves in this cycle
  output logic                              last_o,    // the beat is the pass's last
  output logic [OutputPort-1:0]             valid_o,
  output logic [OutputPort*AddressBits-1:0] address_o,
  output logic [OutputPort*RowBits-1:0]     row_o,
  output logic [OutputPort*ColumnBits-1:0]  column_o
);

  localparam int unsigned N = 0, G = 1, M = 2, P = 4, Q = 5;
  localparam int unsigned RowCountBits = RowBits + 1;
  localparam int unsigned ColumnCountBits = ColumnBits + 1;

  logic [TileBits-1:0] extent_n, extent_g, extent_m, extent_p, extent_q;
  logic [TileBits-1:0] axis_n, axis_g, axis_m, axis_p, axis_q;
  // To the pass's end.
  logic [TileBits-1:0] left_n, left_g, left_m, left_p, left_q;
  logic [TileBits-1:0] left_n_q, left_g_q, left_m_q, left_p_q, left_q_q;
  // The accumulator where the loop over a dimension and those outside it stand.
  logic [AddressBits-1:0]     at_n, at_g, at_m, at_p, at_q, at_n_q, at_g_q, at_m_q, at_p_q, at_q_q;
  logic [RowBits-1:0]         row, row_q;
  logic [ColumnBits-1:0]      column, column_q;
  logic                       under_way_q;
  logic                       tile_begins, row_ends, tile_ends;
  logic [RowCountBits-1:0]    rows;
  logic [ColumnCountBits-1:0] columns;

  assign extent_n = extent_i[N*20 +: TileBits];
  assign extent_g = extent_i[G*20 +: TileBits];
  assign extent_m = extent_i[M*20 +: TileBits];
  assign extent_p = extent_i[P*20 +: TileBits];
  assign extent_q = extent_i[Q*20 +: TileBits];
  assign axis_n   = TileBits'(axis_i[N*SpanBits +: SpanBits]);
  assign axis_g   = TileBits'(axis_i[G*SpanBits +: SpanBits]);
  assign axis_m   = TileBits'(axis_i[M*SpanBits +: SpanBits]);
  assign axis_p   = TileBits'(axis_i[P*SpanBits +: SpanBits]);
  assign axis_q   = TileBits'(axis_i[Q*SpanBits +: SpanBits]);

  function automatic logic [TileBits-1:0] smaller(logic [TileBits-1:0] a, logic [TileBits-1:0] b);
    smaller = a < b ? a : b;
  endfunction

  always_comb begin
    left_n      = left_n_q;
    left_g      = left_g_q;
    left_m      = left_m_q;
    left_p      = left_p_q;
    left_q      = left_q_q;
    at_n        = at_n_q;
    at_g        = at_g_q;
    at_m        = at_m_q;
    at_p        = at_p_q;
    at_q        = at_q_q;
    row         = row_q;
    column      = column_q;
    rows        = '0;
    columns     = '0;
    tile_begins = 1'b1;
    row_ends    = 1'b0;
    tile_ends   = 1'b0;
    last_o      = 1'b0;
    valid_o     = '0;
    address_o   = '0;
    row_o       = '0;
    column_o    = '0;
    if (enable_i) begin
      if (!under_way_q) begin
        left_n = extent_n;
        left_g = extent_g;
        left_m = extent_m;
        left_p = extent_p;
        left_q = extent_q;
        at_n   = '0;
        at_g   = '0;
        at_m   = '0;
        at_p   = '0;
        at_q   = '0;
        row    = '0;
        column = '0;
      end
      for (int unsigned i = 0; i < OutputPort; i++) begin
        if (!last_o) begin
          if (tile_begins) begin
            rows    = RowCountBits'(smaller(left_m, axis_m));
            columns = ColumnCountBits'(smaller(left_n, axis_n)) * ColumnCountBits'(smaller(left_p, axis_p)) *
                      ColumnCountBits'(smaller(left_q, axis_q));
          end
          valid_o[i]                              = 1'b1;
          address_o[i*AddressBits +: AddressBits] = at_q;
          row_o[i*RowBits +: RowBits]             = row;
          column_o[i*ColumnBits +: ColumnBits]    = column;

          row_ends    = ColumnCountBits'(column) + 1'b1 == columns;
          tile_ends   = row_ends && RowCountBits'(row) + 1'b1 == rows;
          tile_begins = tile_ends;
          column      = row_ends ? '0 : column + 1'b1;
          if (row_ends) row = tile_ends ? '0 : row + 1'b1;
          if (tile_ends) begin
            if (left_q > axis_q) begin
              left_q = left_q - axis_q;
              at_q   = at_q + distance_i[Q*AddressBits +: AddressBits];
            end else begin
              left_q = extent_q;
              if (left_p > axis_p) begin
                left_p = left_p - axis_p;
                at_p   = at_p + distance_i[P*AddressBits +: AddressBits];
              end else begin
                left_p = extent_p;
                if (left_m > axis_m) begin
                  left_m = left_m - axis_m;
                  at_m   = at_m + distance_i[M*AddressBits +: AddressBits];
                end else begin
                  left_m = extent_m;
                  if (left_g > axis_g) begin
                    left_g = left_g - axis_g;
                    at_g   = at_g + distance_i[G*AddressBits +: AddressBits];
                  end else begin
                    left_g = extent_g;
                    last_o = left_n <= axis_n;
                    left_n = left_n - axis_n;
                    at_n   = at_n + distance_i[N*AddressBits +: AddressBits];
                    at_g   = at_n;
                  end
                  at_m = at_g;
                end
                at_p = at_m;
              end
              at_q = at_p;
            end
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      under_way_q <= 1'b0;
      left_n_q    <= '0;
      left_g_q    <= '0;
      left_m_q    <= '0;
      left_p_q    <= '0;
      left_q_q    <= '0;
      at_n_q      <= '0;
      at_g_q      <= '0;
      at_m_q      <= '0;
      at_p_q      <= '0;
      at_q_q      <= '0;
      row_q       <= '0;
      column_q    <= '0;
    end else if (next_i) begin
      under_way_q <= !last_o;
      left_n_q    <= left_n;
      left_g_q    <= left_g;
      left_m_q    <= left_m;
      left_p_q    <= left_p;
      left_q_q    <= left_q;
      at_n_q      <= at_n;
      at_g_q      <= at_g;
      at_m_q      <= at_m;
      at_p_q      <= at_p;
      at_q_q      <= at_q;
      row_q       <= row;
      column_q    <= column;
    end
  end

  logic unused;
  assign unused = ^{axis_i, distance_i, extent_i};

endmodule
