// Which positions of each column's input vector lie inside the input, and where the column's elements begin on
// the port: those outside do not travel.
module input_window #(
  parameter int unsigned SpanBits = 4,
  parameter int unsigned Columns = 8,
  parameter int unsigned Positions = 8,      // at most
  parameter int unsigned ColumnCountBits = 4,
  parameter int unsigned ElementBits = 7     // of a count of all columns' elements
) (
  input  logic                           enable_i,
  input  logic [39:0]                    size_i,
  input  logic [39:0]                    stride_i,
  input  logic [39:0]                    dilation_i,
  input  logic [39:0]                    pad_i,
  input  logic [8*20-1:0]                start_i,
  input  logic [8*SpanBits-1:0]          span_i,
  input  logic [ColumnCountBits-1:0]     columns_i,  // that the step covers

  output logic [Columns*Positions-1:0]   present_o,
  output logic [Columns*ElementBits-1:0] begin_o,
  output logic [ElementBits-1:0]         elements_o
);

  localparam int unsigned C = 3, P = 4, Q = 5, R = 6, S = 7;
  // A row or column of the input, which begins 2^20 rows of padding before it at most.
  localparam int unsigned PlaceBits = 22;

  localparam int unsigned ColumnIndexBits = Columns > 1 ? $clog2(Columns) : 1;
  localparam int unsigned ShiftBits = $clog2(Positions + 1);

  logic [SpanBits-1:0]  channels, kernel_rows, kernel_columns, rows_out, columns_out;
  logic [19:0]          height, width;
  logic [PlaceBits-1:0] stride_h, stride_w, dilation_h, dilation_w, first_row, first_column;

  assign channels       = span_i[C*SpanBits +: SpanBits];
  assign rows_out       = span_i[P*SpanBits +: SpanBits];
  assign columns_out    = span_i[Q*SpanBits +: SpanBits];
  assign kernel_rows    = span_i[R*SpanBits +: SpanBits];
  assign kernel_columns = span_i[S*SpanBits +: SpanBits];

  assign {height, width} = size_i;
  assign stride_h        = PlaceBits'(stride_i[39:20]);
  assign stride_w        = PlaceBits'(stride_i[19:0]);
  assign dilation_h      = PlaceBits'(dilation_i[39:20]);
  assign dilation_w      = PlaceBits'(dilation_i[19:0]);

  logic [Positions-1:0]         kernel_row;     // positions of the first kernel row
  logic [Positions-1:0]         kernel_column;  // and of the first kernel column
  logic [ShiftBits-1:0]         row_length, row_begin, down_begin, across_begin;
  logic [Columns*Positions-1:0] down, across;   // by P, Q: positions inside the input
  logic [PlaceBits-1:0]         row, column, row_place, column_place;
  logic [SpanBits-1:0]          p, q;

  // Positions of a kernel row are neighbours; those of a kernel column are in every kernel row.
  always_comb begin
    kernel_row    = '0;
    kernel_column = '0;
    row_length    = '0;
    row_begin     = '0;
    if (enable_i) begin
      row_length = ShiftBits'(channels) * ShiftBits'(kernel_columns);
      kernel_row = ~({Positions{1'b1}} << row_length);
      for (int unsigned r = 0; r < Positions; r++) begin
        if (SpanBits'(r) < kernel_rows) begin
          kernel_column = kernel_column | (~({Positions{1'b1}} << channels) << row_begin);
          row_begin     = row_begin + row_length;
        end
      end
    end
  end

  // Where the first kernel row (column) meets the input.
  always_comb begin
    first_row    = '0;
    first_column = '0;
    if (enable_i) begin
      first_row    = PlaceBits'(start_i[P*20 +: 20]) * stride_h + PlaceBits'(start_i[R*20 +: 20]) * dilation_h -
                     PlaceBits'(pad_i[39:20]);
      first_column = PlaceBits'(start_i[Q*20 +: 20]) * stride_w + PlaceBits'(start_i[S*20 +: 20]) * dilation_w -
                     PlaceBits'(pad_i[19:0]);
    end
  end

  always_comb begin
    down       = '0;
    row        = first_row;
    row_place  = '0;
    down_begin = '0;
    if (enable_i) begin
      for (int unsigned r = 0; r < Positions; r++) begin
        if (SpanBits'(r) < kernel_rows) begin
          row_place = row;
          for (int unsigned i = 0; i < Columns; i++) begin
            if (SpanBits'(i) < rows_out && row_place < PlaceBits'(height)) begin
              down[i*Positions +: Positions] = down[i*Positions +: Positions] | (kernel_row << down_begin);
            end
            row_place = row_place + stride_h;
          end
          row        = row + dilation_h;
          down_begin = down_begin + row_length;
        end
      end
    end
  end

  always_comb begin
    across       = '0;
    column       = first_column;
    column_place = '0;
    across_begin = '0;
    if (enable_i) begin
      for (int unsigned s = 0; s < Positions; s++) begin
        if (SpanBits'(s) < kernel_columns) begin
          column_place = column;
          for (int unsigned i = 0; i < Columns; i++) begin
            if (SpanBits'(i) < columns_out && column_place < PlaceBits'(width)) begin
              across[i*Positions +: Positions] = across[i*Positions +: Positions] |
                                                 (kernel_column << across_begin);
            end
            column_place = column_place + stride_w;
          end
          column       = column + dilation_w;
          across_begin = across_begin + ShiftBits'(channels);
        end
      end
    end
  end

  // Columns run over Q, then P, then N.
  logic [Positions-1:0] present;

  always_comb begin
    present_o  = '0;
    begin_o    = '0;
    elements_o = '0;
    present    = '0;
    p          = '0;
    q          = '0;
    if (enable_i) begin
      for (int unsigned k = 0; k < Columns; k++) begin
        if (ColumnCountBits'(k) < columns_i) begin
          present = down[32'(ColumnIndexBits'(p))*Positions +: Positions] &
                    across[32'(ColumnIndexBits'(q))*Positions +: Positions];
          present_o[k*Positions +: Positions]   = present;
          begin_o[k*ElementBits +: ElementBits] = elements_o;
          elements_o = elements_o + ElementBits'($countones(present));
          q          = q + 1'b1;
          if (q == columns_out) begin
            q = '0;
            p = p + 1'b1;
            if (p == rows_out) p = '0;
          end
        end
      end
    end
  end

  logic unused;
  assign unused = ^{start_i[79:0], span_i[3*SpanBits-1:0]};

endmodule
