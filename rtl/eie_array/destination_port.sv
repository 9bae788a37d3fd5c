// The output port of the destination registers: partial sums come in, results go out, `Port` a beat, output 0
// first. Output i is row i div Pes of PE i mod Pes. A beat begins at PE `pe` of row `row`; the PEs before that one
// move from the next row on.
`include "assertions.svh"

module destination_port #(
  parameter int unsigned Pes = 4,
  parameter int unsigned Registers = 8,
  parameter int unsigned Port = 4,
  localparam int unsigned Moves = (Port + Pes - 1) / Pes,  // rows of a PE in a beat
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  input  logic                              restore_i,    // partial sums are expected
  input  logic [19:0]                       restore_rows_i,
  output logic                              restored_o,   // the last ones come in
  input  logic                              drain_i,      // results can leave
  input  logic [19:0]                       drain_rows_i,
  output logic                              drained_o,    // the last ones leave
  output logic [31:0]                       left_o,       // so many leave in this cycle

  input  logic                              sums_valid_i,
  output logic                              sums_ready_o,
  input  logic [16*Port-1:0]                sums_data_i,
  output logic                              results_valid_o,
  input  logic                              results_ready_i,
  output logic [16*Port-1:0]                results_data_o,
  output logic                              results_last_o,

  output logic [Pes*RowBits-1:0]            row_o,        // the first row of each PE that moves
  output logic [Pes*Moves-1:0]              write_o,
  output logic [16*Pes*Moves-1:0]           sums_o,
  input  logic [16*Pes*Moves-1:0]           results_i
);

  localparam int unsigned CountBits = $clog2(Pes * Registers + Port + 1);
  localparam int unsigned PlaceBits = $clog2(Pes + Port + 1);

  logic [PlaceBits-1:0] pe_q, pe_d;    // where the beat begins
  logic [RowBits-1:0]   row_q, row_d;
  logic [CountBits-1:0] left_q, left;  // to come or to go, this beat included; 0 before the first beat
  logic                 beat, last;

  assign sums_ready_o    = restore_i;
  assign results_valid_o = drain_i;
  assign beat            = (restore_i & sums_valid_i) | (drain_i & results_ready_i);
  assign left            = left_q != '0 ? left_q : CountBits'(drain_i ? drain_rows_i : restore_rows_i);
  assign last            = left <= CountBits'(Port);
  assign restored_o      = restore_i & sums_valid_i & last;
  assign drained_o       = drain_i & results_ready_i & last;
  assign results_last_o  = drain_i & last;

  always_comb begin
    left_o = '0;
    if (drain_i && results_ready_i) left_o = last ? 32'(left) : Port;
  end

  for (genvar p = 0; p < Pes; p++) begin : gen_row
    assign row_o[RowBits*p +: RowBits] = PlaceBits'(p) < pe_q ? row_q + 1'b1 : row_q;
  end

  // Where result i of the beat lies: the PE's first moving row, then the one below it, and so on.
  function automatic int unsigned place(logic [PlaceBits-1:0] first_pe, int unsigned i);
    place = (32'(first_pe) + i) % Pes * Moves + i / Pes;
  endfunction

  always_comb begin
    write_o        = '0;
    sums_o         = '0;
    results_data_o = '0;
    if (restore_i && sums_valid_i) begin
      for (int unsigned i = 0; i < Port; i++) begin
        if (CountBits'(i) < left) begin
          write_o[place(pe_q, i)]         = 1'b1;
          sums_o[16*place(pe_q, i) +: 16] = sums_data_i[16*i +: 16];
        end
      end
    end
    if (drain_i) begin
      for (int unsigned i = 0; i < Port; i++) begin
        results_data_o[16*i +: 16] = results_i[16*place(pe_q, i) +: 16];
      end
    end
  end

  always_comb begin
    row_d = row_q + RowBits'(Port / Pes);
    pe_d  = pe_q + PlaceBits'(Port % Pes);
    if (pe_d >= PlaceBits'(Pes)) begin
      row_d = row_d + 1'b1;
      pe_d  = pe_d - PlaceBits'(Pes);
    end
    if (last) begin
      row_d = '0;
      pe_d  = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q  <= '0;
      pe_q   <= '0;
      left_q <= '0;
    end else if (beat) begin
      row_q  <= row_d;
      pe_q   <= pe_d;
      left_q <= last ? '0 : left - CountBits'(Port);
    end
  end

  `ASSERT_INIT(HasPort, Port >= 1)
  `ASSERT(OneWay, !(restore_i && drain_i))

endmodule
