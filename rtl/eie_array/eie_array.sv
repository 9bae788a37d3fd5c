// Array unit `eie`: PEs that run a pruned, weight-shared matrix x vector product from its compressed columns (Han
// et al., "EIE: Efficient Inference Engine on Compressed Deep Neural Network", ISCA 2016). Ports and cycle rules:
// docs/socket.md and docs/eie.md.
`include "assertions.svh"

module eie_array #(
  parameter int unsigned Pes = 4,
  parameter int unsigned Queue = 8,
  parameter int unsigned CodeBits = 4,
  parameter int unsigned IndexBits = 4,
  parameter int unsigned WordBits = 64,
  parameter int unsigned PointerBits = 16,
  parameter int unsigned MatrixWords = 64,    // of a PE
  parameter int unsigned PointerWords = 64,   // of each of a PE's two banks
  parameter int unsigned Registers = 8,        // activations in each of a PE's two register files
  parameter int unsigned InputPort = 8,       // bytes a cycle
  parameter int unsigned OutputPort = 4        // results a cycle
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,

  input  logic                       cfg_valid_i,
  input  logic [9:0]                 cfg_addr_i,
  input  logic [31:0]                cfg_data_i,

  input  logic                       fill_clk_i,
  input  logic                       fill_valid_i,
  input  logic [1:0]                 fill_kind_i,
  input  logic [15:0]                fill_pe_i,
  input  logic [31:0]                fill_addr_i,
  input  logic [WordBits-1:0]        fill_data_i,

  input  logic                       pass_valid_i,
  output logic                       pass_ready_o,
  input  logic [19:0]                pass_rows_i,
  input  logic [19:0]                pass_channels_i,
  input  logic [19:0]                pass_kernel_rows_i,
  input  logic [19:0]                pass_kernel_columns_i,
  input  logic [19:0]                pass_row_first_i,
  input  logic [19:0]                pass_row_end_i,
  input  logic [19:0]                pass_column_first_i,
  input  logic [19:0]                pass_column_end_i,
  input  logic [31:0]                pass_pointers_i,
  input  logic                       pass_loads_i,
  input  logic                       pass_opens_i,
  input  logic                       pass_resumes_i,
  input  logic                       pass_closes_i,

  input  logic                       inputs_valid_i,
  output logic                       inputs_ready_o,
  input  logic [8*InputPort-1:0]     inputs_data_i,

  input  logic                       sums_valid_i,
  output logic                       sums_ready_o,
  input  logic [OutputPort*16-1:0]   sums_data_i,

  output logic                       results_valid_o,
  input  logic                       results_ready_i,
  output logic [OutputPort*16-1:0]   results_data_o,
  output logic                       results_last_o,

  output logic                       evt_start_o,
  output logic                       evt_last_o,
  output logic [31:0]                evt_broadcasts_o,
  output logic [31:0]                evt_queue_pushes_o,
  output logic [31:0]                evt_queue_pops_o,
  output logic [31:0]                evt_queue_full_o,
  output logic [31:0]                evt_starved_o,
  output logic [31:0]                evt_pointer_reads_o,
  output logic [31:0]                evt_matrix_reads_o,
  output logic [31:0]                evt_codebook_lookups_o,
  output logic [31:0]                evt_padding_o,
  output logic [31:0]                evt_multiplies_o,
  output logic [31:0]                evt_adds_o,
  output logic [31:0]                evt_source_reads_o,
  output logic [31:0]                evt_destination_reads_o,
  output logic [31:0]                evt_destination_writes_o,
  output logic [31:0]                evt_forwards_o,
  output logic [Pes-1:0]             evt_work_o,
  output logic [31:0]                evt_requantized_o
);

  localparam int unsigned Columns = Pes * Registers;
  localparam int unsigned ColumnBits = Columns > 1 ? $clog2(Columns) : 1;
  localparam int unsigned PeBits = Pes > 1 ? $clog2(Pes) : 1;
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1;
  localparam int unsigned Levels = Pes > 4 ? ($clog2(Pes) + 1) / 2 : 1;
  localparam int unsigned Lanes = (InputPort + 1) / 2;
  localparam int unsigned Moves = (OutputPort + Pes - 1) / Pes;
  localparam int unsigned MatrixBits = MatrixWords > 1 ? $clog2(MatrixWords) : 1;
  localparam int unsigned PointerWordBits = PointerWords > 1 ? $clog2(PointerWords) : 1;
  localparam logic [9:0] ProductShift = 10'd512;

  // Configuration.
  logic [16*2**CodeBits-1:0] codebook_q;
  logic [4:0]                shift_q;

  always_ff @(posedge clk_i) begin
    if (cfg_valid_i && cfg_addr_i < 10'(2**CodeBits)) begin
      codebook_q[{cfg_addr_i[CodeBits-1:0], 4'd0} +: 16] <= cfg_data_i[15:0];
    end
    if (cfg_valid_i && cfg_addr_i == ProductShift) shift_q <= cfg_data_i[4:0];
  end

  // The pass.
  logic                       accept, start, walking, last, offered, quiet, restoring, restored, draining, drained;
  logic [19:0]                restore_rows, drain_rows;
  logic [PointerWordBits:0]   pointers_q;     // number of the block's first pointer
  logic [Pes-1:0]             full, empty, free, taken;

  assign quiet = ~offered & (&empty) & (&free);

  pass_control #(
    .Levels(Levels)
  ) u_pass_control (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .pass_valid_i  (pass_valid_i),
    .pass_ready_o  (pass_ready_o),
    .pass_rows_i   (pass_rows_i),
    .pass_opens_i  (pass_opens_i),
    .pass_resumes_i(pass_resumes_i),
    .pass_closes_i (pass_closes_i),
    .accept_o      (accept),
    .loading_i     (inputs_ready_o),
    .restoring_o   (restoring),
    .restore_rows_o(restore_rows),
    .restored_i    (restored),
    .start_o       (start),
    .walking_o     (walking),
    .walked_i      (quiet),
    .last_o        (last),
    .draining_o    (draining),
    .drain_rows_o  (drain_rows),
    .drained_i     (drained)
  );

  always_ff @(posedge clk_i) begin
    if (accept) pointers_q <= (PointerWordBits+1)'(pass_pointers_i);
  end

  // Source registers and detection.
  logic                        load, beat, push;
  logic [Lanes-1:0]            lane_write;
  logic [Lanes*ColumnBits-1:0] lane_column;
  logic [16*Lanes-1:0]         lane_activation;
  logic [Columns-1:0]          nonzero;
  logic [RowBits-1:0]          offer_row;
  logic [PeBits-1:0]           offer_pe;
  logic [ColumnBits-1:0]       column;
  logic [15:0]                 activation;

  assign load   = accept & pass_loads_i;
  assign column = ColumnBits'(Pes) * ColumnBits'(offer_row) + ColumnBits'(offer_pe);
  assign push   = offered & ~(|full);

  source_loader #(
    .Columns  (Columns),
    .InputPort(InputPort)
  ) u_source_loader (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .load_i          (load),
    .channels_i      (pass_channels_i),
    .kernel_rows_i   (pass_kernel_rows_i),
    .kernel_columns_i(pass_kernel_columns_i),
    .row_first_i     (pass_row_first_i),
    .row_end_i       (pass_row_end_i),
    .column_first_i  (pass_column_first_i),
    .column_end_i    (pass_column_end_i),
    .inputs_valid_i  (inputs_valid_i),
    .inputs_ready_o  (inputs_ready_o),
    .inputs_data_i   (inputs_data_i),
    .beat_o          (beat),
    .write_o         (lane_write),
    .column_o        (lane_column),
    .activation_o    (lane_activation)
  );

  source_registers #(
    .Pes      (Pes),
    .Registers(Registers),
    .Lanes    (Lanes)
  ) u_source_registers (
    .clk_i            (clk_i),
    .clear_i          (load),
    .beat_i           (beat),
    .write_i          (lane_write),
    .column_i         (lane_column),
    .activation_i     (lane_activation),
    .nonzero_o        (nonzero),
    .read_column_i    (column),
    .read_activation_o(activation)
  );

  leading_non_zero #(
    .Pes      (Pes),
    .Registers(Registers),
    .Levels   (Levels)
  ) u_leading_non_zero (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .start_i  (start & ~load),  // a pass that loads and starts at once has nothing but padding
    .nonzero_i(nonzero),
    .take_i   (push),
    .valid_o  (offered),
    .row_o    (offer_row),
    .pe_o     (offer_pe)
  );

  // PEs.
  logic [PointerWordBits:0]   pointer;        // number of the column's pointer
  logic [Pes-1:0]             fill_matrix, fill_even, fill_odd;
  logic [Pes-1:0]             matrix_reads, look_ups, padding, multiplies, adds, forwards, writes;
  logic [Pes*RowBits-1:0]     port_row;
  logic [Pes*Moves-1:0]       port_write;
  logic [16*Pes*Moves-1:0]    port_sums, port_results;

  assign pointer = pointers_q + (PointerWordBits+1)'(column);

  always_comb begin
    fill_matrix = '0;
    fill_even   = '0;
    fill_odd    = '0;
    if (fill_valid_i) begin
      fill_matrix = Pes'(fill_kind_i == 2'd0) << fill_pe_i;
      fill_even   = Pes'(fill_kind_i == 2'd1) << fill_pe_i;
      fill_odd    = Pes'(fill_kind_i == 2'd2) << fill_pe_i;
    end
  end

  for (genvar p = 0; p < Pes; p++) begin : gen_pe
    processing_element #(
      .Queue       (Queue),
      .CodeBits    (CodeBits),
      .IndexBits   (IndexBits),
      .WordBits    (WordBits),
      .PointerBits (PointerBits),
      .MatrixWords (MatrixWords),
      .PointerWords(PointerWords),
      .Registers   (Registers),
      .Moves       (Moves)
    ) u_pe (
      .clk_i                 (clk_i),
      .rst_ni                (rst_ni),
      .fill_clk_i            (fill_clk_i),
      .fill_matrix_i         (fill_matrix[p]),
      .fill_even_i           (fill_even[p]),
      .fill_odd_i            (fill_odd[p]),
      .fill_matrix_address_i (MatrixBits'(fill_addr_i)),
      .fill_pointer_address_i(PointerWordBits'(fill_addr_i)),
      .fill_data_i           (fill_data_i),
      .codebook_i            (codebook_q),
      .shift_i               (shift_q),
      .push_i                (push),
      .odd_i                 (pointer[0]),
      .word_i                (pointer[PointerWordBits:1]),
      .activation_i          (activation),
      .full_o                (full[p]),
      .empty_o               (empty[p]),
      .free_o                (free[p]),
      .taken_o               (taken[p]),
      .clear_i               (drained),
      .port_row_i            (port_row[RowBits*p +: RowBits]),
      .restore_i             (port_write[Moves*p +: Moves]),
      .restored_i            (port_sums[16*Moves*p +: 16*Moves]),
      .drain_i               (draining),
      .drained_o             (port_results[16*Moves*p +: 16*Moves]),
      .matrix_read_o         (matrix_reads[p]),
      .look_up_o             (look_ups[p]),
      .padding_o             (padding[p]),
      .multiply_o            (multiplies[p]),
      .add_o                 (adds[p]),
      .forward_o             (forwards[p]),
      .write_o               (writes[p])
    );
  end

  destination_port #(
    .Pes      (Pes),
    .Registers(Registers),
    .Port     (OutputPort)
  ) u_destination_port (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .restore_i      (restoring),
    .restore_rows_i (restore_rows),
    .restored_o     (restored),
    .drain_i        (draining),
    .drain_rows_i   (drain_rows),
    .drained_o      (drained),
    .left_o         (evt_requantized_o),
    .sums_valid_i   (sums_valid_i),
    .sums_ready_o   (sums_ready_o),
    .sums_data_i    (sums_data_i),
    .results_valid_o(results_valid_o),
    .results_ready_i(results_ready_i),
    .results_data_o (results_data_o),
    .results_last_o (results_last_o),
    .row_o          (port_row),
    .write_o        (port_write),
    .sums_o         (port_sums),
    .results_i      (port_results)
  );

  // What happens in this cycle. A broadcast reads one source register, a multiply one destination register.
  logic           waits;
  logic [Pes-1:0] starved;

  assign waits   = offered & ~push;
  assign starved = free & ~taken & {Pes{walking & ~last}};

  assign evt_start_o              = start;
  assign evt_last_o               = last;
  assign evt_broadcasts_o         = 32'(push);
  assign evt_queue_pushes_o       = push ? Pes : '0;
  assign evt_queue_pops_o         = 32'($countones(taken));
  assign evt_queue_full_o         = 32'(waits);
  assign evt_starved_o            = 32'($countones(starved));
  assign evt_pointer_reads_o      = {evt_queue_pops_o[30:0], 1'b0};
  assign evt_matrix_reads_o       = 32'($countones(matrix_reads));
  assign evt_codebook_lookups_o   = 32'($countones(look_ups));
  assign evt_padding_o            = 32'($countones(padding));
  assign evt_multiplies_o         = 32'($countones(multiplies));
  assign evt_adds_o               = 32'($countones(adds));
  assign evt_source_reads_o       = evt_broadcasts_o;
  assign evt_destination_reads_o  = evt_multiplies_o;
  assign evt_destination_writes_o = 32'($countones(writes));
  assign evt_forwards_o           = 32'($countones(forwards));
  assign evt_work_o               = taken | ~free;

  // Numbers come in wider than any of these parameters needs.
  logic unused_numbers;
  assign unused_numbers = ^{cfg_data_i, fill_addr_i, pass_pointers_i};

  `ASSERT_INIT(HasPes, Pes >= 1 && Pes <= 65536)
  `ASSERT_INIT(HasRegisters, Registers >= 1)
  `ASSERT_INIT(CodeFits, CodeBits >= 2 && CodeBits <= 8)
  `ASSERT_INIT(IndexFits, IndexBits >= 2 && IndexBits <= 8)
  `ASSERT_INIT(WordHoldsEntry, WordBits >= CodeBits + IndexBits)
  `ASSERT_INIT(FillCarriesPointers, PointerBits >= 1 && PointerBits <= WordBits)
  `ASSERT_INIT(HasMemories, MatrixWords >= 1 && PointerWords >= 1)

  `ASSERT(ConfiguredBetweenPasses, cfg_valid_i |-> pass_ready_o)
  `ASSERT(AddressExists, cfg_valid_i |-> cfg_addr_i < 10'(2**CodeBits) || cfg_addr_i == ProductShift)
  `ASSERT(PaddingIsZero, cfg_valid_i && cfg_addr_i == '0 |-> cfg_data_i[15:0] == '0)
  `ASSERT(RowsFit, accept |-> 32'(pass_rows_i) <= Columns)
  `ASSERT(BlockInMemory, accept |-> pass_pointers_i < 2 * PointerWords)
  `ASSERT(PointersFit, push |-> 64'(pointers_q) + 64'(column) + 64'd1 < 64'(2 * PointerWords))
`ifndef SYNTHESIS
  FillsWhatExists: assert property (@(posedge fill_clk_i) fill_valid_i |->
      fill_kind_i != 2'd3 && 32'(fill_pe_i) < Pes &&
      fill_addr_i < (fill_kind_i == 2'd0 ? MatrixWords : PointerWords)) else $error("%m");
`endif

  `ASSERT_HANDSHAKE(Pass, pass_valid_i, pass_ready_o,
                    ({pass_rows_i, pass_channels_i, pass_kernel_rows_i, pass_kernel_columns_i, pass_row_first_i,
                      pass_row_end_i, pass_column_first_i, pass_column_end_i, pass_pointers_i, pass_loads_i,
                      pass_opens_i, pass_resumes_i, pass_closes_i}))
  `ASSERT_HANDSHAKE(Inputs, inputs_valid_i, inputs_ready_o, inputs_data_i)
  `ASSERT_HANDSHAKE(Sums, sums_valid_i, sums_ready_o, sums_data_i)
  `ASSERT_HANDSHAKE(Results, results_valid_o, results_ready_i, ({results_last_o, results_data_o}))

endmodule
