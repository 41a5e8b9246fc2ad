// SPDX-License-Identifier: Apache-2.0
// A small synchronous FIFO, with a fault that only some random runs meet.
`timescale 1ns / 1ps
module fifo #(
  parameter int Width = 8,
  parameter int Depth = 4
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             push,
  input  logic [Width-1:0] wdata,
  input  logic             pop,
  output logic [Width-1:0] rdata,
  output logic             full,
  output logic             empty
);
  localparam int PtrW = $clog2(Depth);

  logic [Width-1:0] mem[Depth];
  logic [PtrW-1:0] wptr, rptr;
  logic [PtrW:0] count;

  logic do_push, do_pop;
  assign do_push = push && (!full || pop);
  assign do_pop  = pop && !empty;

  assign full  = count == Depth[PtrW:0];
  assign empty = count == '0;
  assign rdata = mem[rptr];

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      wptr  <= '0;
      rptr  <= '0;
      count <= '0;
    end else begin
      if (do_push) begin
        // The planted fault: a bit is lost when a full FIFO takes and gives at once, for a few values.
        mem[wptr] <= (full && do_pop && wdata[5:0] == 6'h2b) ? (wdata & 8'hfe) : wdata;
        wptr <= wptr + 1'b1;
      end
      if (do_pop) rptr <= rptr + 1'b1;
      case ({do_push, do_pop})
        2'b10:   count <= count + 1'b1;
        2'b01:   count <= count - 1'b1;
        default: count <= count;
      endcase
    end
  end

`ifdef BROKEN
  assign nothing_is_declared = full
`endif
endmodule
