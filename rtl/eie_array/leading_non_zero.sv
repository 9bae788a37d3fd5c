// Leading-non-zero detection: a tree of nodes with four children over the PEs' source registers offers the
// activations that are not zero, in ascending column order, one a cycle. The first offer comes one cycle per level
// after the start; a node refills in the cycle in which its column is taken, so offers follow without a gap.
`include "assertions.svh"

module leading_non_zero #(
  parameter int unsigned Pes = 4,
  parameter int unsigned Registers = 8,
  parameter int unsigned Levels = 1,
  localparam int unsigned PeBits = Pes > 1 ? $clog2(Pes) : 1,
  localparam int unsigned RowBits = Registers > 1 ? $clog2(Registers) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          start_i,
  input  logic [Pes*Registers-1:0]      nonzero_i,   // activations of each PE; read in the cycle of the start
  input  logic                          take_i,
  output logic                          valid_o,
  output logic [RowBits-1:0]            row_o,
  output logic [PeBits-1:0]             pe_o
);

  for (genvar l = 0; l < Levels; l++) begin : gen_level
    localparam int unsigned Span = 4 ** (l + 1);  // PEs below a node
    localparam int unsigned Nodes = (Pes + Span - 1) / Span;
    logic [Nodes-1:0]         valid, take;
    logic [Nodes*RowBits-1:0] row;
    logic [Nodes*PeBits-1:0]  pe;

    if (l == 0) begin : gen_leaves
      for (genvar n = 0; n < Nodes; n++) begin : gen_node
        localparam int unsigned Children = Pes - 4 * n < 4 ? Pes - 4 * n : 4;
        detection_leaf #(
          .Children (Children),
          .First    (4 * n),
          .PeBits   (PeBits),
          .Registers(Registers)
        ) u_node (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .start_i  (start_i),
          .nonzero_i(nonzero_i[4*n*Registers +: Children*Registers]),
          .take_i   (take[n]),
          .valid_o  (valid[n]),
          .row_o    (row[RowBits*n +: RowBits]),
          .pe_o     (pe[PeBits*n +: PeBits])
        );
      end
    end else begin : gen_inner
      localparam int unsigned Below = (Pes + Span / 4 - 1) / (Span / 4);
      for (genvar n = 0; n < Nodes; n++) begin : gen_node
        localparam int unsigned Children = Below - 4 * n < 4 ? Below - 4 * n : 4;
        detection_node #(
          .Children(Children),
          .RowBits (RowBits),
          .PeBits  (PeBits)
        ) u_node (
          .clk_i  (clk_i),
          .rst_ni (rst_ni),
          .valid_i(gen_level[l-1].valid[4*n +: Children]),
          .row_i  (gen_level[l-1].row[4*n*RowBits +: Children*RowBits]),
          .pe_i   (gen_level[l-1].pe[4*n*PeBits +: Children*PeBits]),
          .take_o (gen_level[l-1].take[4*n +: Children]),
          .take_i (take[n]),
          .valid_o(valid[n]),
          .row_o  (row[RowBits*n +: RowBits]),
          .pe_o   (pe[PeBits*n +: PeBits])
        );
      end
    end
  end

  assign gen_level[Levels-1].take = take_i;
  assign valid_o = gen_level[Levels-1].valid;
  assign row_o   = gen_level[Levels-1].row;
  assign pe_o    = gen_level[Levels-1].pe;

  `ASSERT_INIT(OneRoot, Levels >= 1 && 4 ** Levels >= Pes && (Levels == 1 || 4 ** (Levels - 1) < Pes))
  `ASSERT(TakesWhatIsThere, take_i |-> valid_o)
  `ASSERT(StartsEmpty, start_i |-> !valid_o)

endmodule
