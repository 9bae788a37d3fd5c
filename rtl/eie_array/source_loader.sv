// Source loader: gives the activations of each beat the columns that they belong to. Columns are (c, r, s) of a
// window, s innermost; they come in ascending order and only those with row_first <= r < row_end and
// column_first <= s < column_end. A beat may end in the middle of an activation.
`include "assertions.svh"

module source_loader #(
  parameter int unsigned Columns = 32,
  parameter int unsigned InputPort = 8,   // bytes
  localparam int unsigned Lanes = (InputPort + 1) / 2,
  localparam int unsigned ColumnBits = Columns > 1 ? $clog2(Columns) : 1
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  input  logic                              load_i,   // a pass with new inputs is accepted
  input  logic [19:0]                       channels_i,
  input  logic [19:0]                       kernel_rows_i,
  input  logic [19:0]                       kernel_columns_i,
  input  logic [19:0]                       row_first_i,
  input  logic [19:0]                       row_end_i,
  input  logic [19:0]                       column_first_i,
  input  logic [19:0]                       column_end_i,

  input  logic                              inputs_valid_i,
  output logic                              inputs_ready_o,
  input  logic [8*InputPort-1:0]            inputs_data_i,

  output logic                              beat_o,
  output logic [Lanes-1:0]                  write_o,
  output logic [Lanes*ColumnBits-1:0]       column_o,
  output logic [16*Lanes-1:0]               activation_o
);

  localparam int unsigned CountBits = $clog2(Columns + 1);

  // What a pass loads. Steps are distances of columns: to the next row of the kernel, to the next channel.
  typedef struct packed {
    logic [CountBits-1:0] channels, row_first, row_last, column_first, column_last, row_step, channel_step;
  } window_t;
  typedef struct packed {
    logic [CountBits-1:0] column, c, r, s;
  } position_t;

  window_t   window_q, window;
  position_t position_q, position_d;
  logic      loading_q, loading, done, half;

  always_comb begin
    window  = window_q;
    loading = loading_q;
    if (load_i) begin
      window.channels     = CountBits'(channels_i);
      window.row_first    = CountBits'(row_first_i);
      window.row_last     = CountBits'(row_end_i - 1'b1);
      window.column_first = CountBits'(column_first_i);
      window.column_last  = CountBits'(column_end_i - 1'b1);
      window.row_step     = CountBits'(kernel_columns_i - column_end_i + column_first_i + 1'b1);
      window.channel_step = window.row_step +
                            CountBits'(kernel_columns_i) * CountBits'(kernel_rows_i - row_end_i + row_first_i);
      loading = channels_i != '0 && row_first_i < row_end_i && column_first_i < column_end_i;
    end
  end

  assign inputs_ready_o = loading;
  assign beat_o         = inputs_valid_i & loading;

  // Bytes from the least significant one on, that which the beat before has left over included.
  logic [16*Lanes-1:0] bytes;
  if (InputPort % 2 == 1) begin : gen_odd
    logic       half_q;
    logic [7:0] left_q;
    assign half  = half_q & ~load_i;
    assign bytes = half ? {inputs_data_i, left_q} : {8'd0, inputs_data_i};
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)      half_q <= 1'b0;
      else if (beat_o)  half_q <= ~half;
      else if (load_i)  half_q <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (beat_o) left_q <= inputs_data_i[8*InputPort-1 -: 8];
    end
  end else begin : gen_even
    assign half  = 1'b1;
    assign bytes = inputs_data_i;
  end
  assign activation_o = bytes;

  always_comb begin
    position_d = position_q;
    write_o    = '0;
    column_o   = '0;
    done       = 1'b0;
    if (load_i) begin
      position_d.column = CountBits'(row_first_i) * CountBits'(kernel_columns_i) + CountBits'(column_first_i);
      position_d.c      = '0;
      position_d.r      = window.row_first;
      position_d.s      = window.column_first;
    end
    if (beat_o) begin
      for (int unsigned i = 0; i < Lanes; i++) begin
        if (!done && (half || i + 1 < Lanes)) begin
          write_o[i]  = 1'b1;
          column_o[ColumnBits*i +: ColumnBits] = ColumnBits'(position_d.column);
          if (position_d.s != window.column_last) begin
            position_d.column = position_d.column + 1'b1;
            position_d.s      = position_d.s + 1'b1;
          end else if (position_d.r != window.row_last) begin
            position_d.column = position_d.column + window.row_step;
            position_d.s      = window.column_first;
            position_d.r      = position_d.r + 1'b1;
          end else begin
            position_d.column = position_d.column + window.channel_step;
            position_d.s      = window.column_first;
            position_d.r      = window.row_first;
            position_d.c      = position_d.c + 1'b1;
            done              = position_d.c == window.channels;
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) loading_q <= 1'b0;
    else         loading_q <= loading & ~done;
  end

  always_ff @(posedge clk_i) begin
    if (load_i) window_q <= window;
    if (load_i | beat_o) position_q <= position_d;
  end

  `ASSERT_INIT(HasPort, InputPort >= 1)
  `ASSERT(WindowFits, load_i |-> 64'(channels_i) * 64'(kernel_rows_i) * 64'(kernel_columns_i) <= 64'(Columns))
  `ASSERT(RowsInside, load_i |-> row_end_i <= kernel_rows_i)
  `ASSERT(ColumnsInside, load_i |-> column_end_i <= kernel_columns_i)
  `ASSERT(NotWhileLoading, load_i |-> !loading_q)

endmodule
