// How many multipliers have an input that is zero, in the step that issues.
module gated_count #(
  parameter int unsigned Rows = 8,
  parameter int unsigned Columns = 8,
  parameter int unsigned NmM = 1,
  parameter int unsigned Positions = 8,
  parameter int unsigned RowCountBits = 4,
  parameter int unsigned ColumnCountBits = 4,
  parameter int unsigned PositionBits = 4,
  localparam int unsigned ZeroBits = $clog2(Columns + 1)
) (
  input  logic                          issue_i,
  input  logic [RowCountBits-1:0]       rows_i,
  input  logic [ColumnCountBits-1:0]    columns_i,
  input  logic [PositionBits-1:0]       positions_i,
  input  logic [Columns*Positions-1:0]  zero_i,       // by column and position: the input is zero
  output logic [Positions*ZeroBits-1:0] zeros_o,      // by position: columns with a zero there
  input  logic [Rows*32-1:0]            row_gated_i,  // by row: what n:m weights select of them
  output logic [31:0]                   gated_o
);

  logic [Positions-1:0] used;  // positions that the step covers

  assign used = ~({Positions{1'b1}} << positions_i);

  if (NmM == 1) begin : gen_dense
    // Every row multiplies with every position.
    logic unused;
    assign unused  = ^row_gated_i;
    assign zeros_o = '0;
    always_comb begin
      gated_o = '0;
      if (issue_i) begin
        for (int unsigned c = 0; c < Columns; c++) begin
          if (ColumnCountBits'(c) < columns_i) begin
            gated_o = gated_o + 32'($countones(zero_i[c*Positions +: Positions] & used));
          end
        end
        gated_o = gated_o * 32'(rows_i);
      end
    end
  end else begin : gen_nm
    logic unused;
    assign unused = ^rows_i;
    always_comb begin
      zeros_o = '0;
      if (issue_i) begin
        for (int unsigned c = 0; c < Columns; c++) begin
          if (ColumnCountBits'(c) < columns_i) begin
            for (int unsigned i = 0; i < Positions; i++) begin
              zeros_o[i*ZeroBits +: ZeroBits] = zeros_o[i*ZeroBits +: ZeroBits] +
                                                ZeroBits'(zero_i[c*Positions + i] && used[i]);
            end
          end
        end
      end
    end
    always_comb begin
      gated_o = '0;
      for (int unsigned r = 0; r < Rows; r++) gated_o = gated_o + row_gated_i[r*32 +: 32];
    end
  end

endmodule
