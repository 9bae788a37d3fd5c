// Assertions, on in simulation and invisible to synthesis.

// "disable iff" reads the asynchronous reset at a clock edge, which Verilator takes for a synchronous use of it.
/* verilator lint_off SYNCASYNCNET */

`ifndef HEDDLE_ASSERTIONS_SVH
`define HEDDLE_ASSERTIONS_SVH

`ifdef SYNTHESIS
`define ASSERT_INIT(Name, Condition)
`define ASSERT(Name, Property)
`else
// A parameter or a relation between parameters, checked when the simulation begins.
`define ASSERT_INIT(Name, Condition) \
  initial begin : Name \
    if (!(Condition)) $error("%m: expected %s", `"Condition`"); \
  end
// A property that holds at every rising edge of clk_i outside reset.
`define ASSERT(Name, Property) \
  Name: assert property (@(posedge clk_i) disable iff (!rst_ni) (Property)) \
    else $error("%m");
`endif

// What a sender of a valid/ready handshake owes its receiver: valid does not fall, nor data change, before the
// transfer.
`define ASSERT_HANDSHAKE(Name, Valid, Ready, Data) \
  `ASSERT(Name``HoldsValid, (Valid) && !(Ready) |=> (Valid)) \
  `ASSERT(Name``HoldsData, (Valid) && !(Ready) |=> $stable(Data))

`endif
