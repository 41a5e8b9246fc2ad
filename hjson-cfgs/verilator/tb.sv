// SPDX-License-Identifier: Apache-2.0
// Drives the FIFO with a sequence chosen by +test=NAME and +seed=N, and compares it with a queue.
`timescale 1ns / 1ps
module tb;
  logic clk = 1'b0;
  logic rst_n, push, pop, full, empty;
  logic [7:0] wdata, rdata;

  fifo u_fifo (.*);

  always #5 clk = ~clk;

`ifdef COVER
  import "DPI-C" function void write_coverage(input string path);
  string coverage;
`endif
  string test;
  int unsigned state, cycles, errors;
  logic [7:0] model[$];

  // A generator of our own: the same numbers from every simulator.
  function automatic int unsigned next_random();
    state = state ^ (state << 13);
    state = state ^ (state >> 17);
    state = state ^ (state << 5);
    return state;
  endfunction

  cover_full_push: cover property (@(posedge clk) full && push && pop);
  cover_wrap:      cover property (@(posedge clk) empty && !push);

  task automatic step(input logic do_push, input logic do_pop);
    push  = do_push;
    pop   = do_pop;
    wdata = 8'(next_random() >> 7);
    #1;
    if (pop && !empty) begin
      if (rdata != model[0]) begin
        $display("UVM_ERROR @ %0t: read %02h, expected %02h", $time, rdata, model[0]);
        errors++;
      end
      void'(model.pop_front());
    end
    if (push && (model.size() < 4)) model.push_back(wdata);
    @(posedge clk);
    #1;
  endtask

  initial begin
    int unsigned seed;
    if (!$value$plusargs("test=%s", test)) test = "smoke";
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    state = seed ^ 32'h9e3779b9;
    if (state == 0) state = 1;
    errors = 0;
    push = 0;
    pop = 0;
    wdata = 0;
    rst_n = 0;
    repeat (3) @(posedge clk);
    rst_n = 1;
    #1;
    $display("test %s, seed %0d", test, seed);
    case (test)
      "smoke": begin
        cycles = 40;
        repeat (20) step(1'b1, 1'b0);
        repeat (20) step(1'b0, 1'b1);
      end
      "stress": begin
        cycles = 200 + next_random() % 50;
        repeat (cycles) step(next_random() % 4 != 0, next_random() % 2 != 0);
      end
      "hang": forever @(posedge clk);
      default: $fatal(1, "there is no test %s", test);
    endcase
    if (errors == 0) $display("TEST PASSED");
    else $display("TEST FAILED");
    $display("Time: %0d ns", $time);
`ifdef COVER
    if ($value$plusargs("coverage=%s", coverage)) write_coverage(coverage);
`endif
    $finish;
  end
endmodule
