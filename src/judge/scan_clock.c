/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/scan_clock.h"

#include <math.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The signal is repeated, because the first one may arrive between two matches. */
static const double again_s = 0.05;

/* State of the thread, because a signal handler has no argument. */
static _Thread_local struct {
	timer_t timer;
	bool has_timer;
	volatile sig_atomic_t is_up, is_matching;
	sigjmp_buf way_out;
} clock_of_thread;

static void on_time_is_up(int signum)
{
	(void)signum;
	clock_of_thread.is_up = 1;
	if (!clock_of_thread.is_matching)
		return;
	clock_of_thread.is_matching = 0;
	siglongjmp(clock_of_thread.way_out, 1);
}

/* With SA_NODEFER, because the jump does not restore the signal mask. */
static void make_timer(void)
{
	struct sigaction act = {.sa_handler = on_time_is_up, .sa_flags = SA_RESTART | SA_NODEFER};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
	sigset_t ours;

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	sigaction(SIGVTALRM, &act, NULL);
	sigemptyset(&ours);
	sigaddset(&ours, SIGVTALRM);
	pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
	clock_of_thread.has_timer = timer_create(CLOCK_THREAD_CPUTIME_ID, &event,
						 &clock_of_thread.timer) == 0;
}

static struct timespec timespec_of(double s)
{
	return (struct timespec){(time_t)s, (long)((s - floor(s)) * 1e9)};
}

sigjmp_buf *scan_clock_start(double cpu_s)
{
	const struct itimerspec when = {timespec_of(again_s), timespec_of(cpu_s)};

	clock_of_thread.is_up = clock_of_thread.is_matching = 0;
	if (!clock_of_thread.has_timer)
		make_timer();
	if (clock_of_thread.has_timer)
		timer_settime(clock_of_thread.timer, 0, &when, NULL);
	return &clock_of_thread.way_out;
}

void scan_clock_stop(void)
{
	static const struct itimerspec never;

	clock_of_thread.is_matching = 0;
	if (clock_of_thread.has_timer)
		timer_settime(clock_of_thread.timer, 0, &never, NULL);
}

bool scan_clock_is_up(void)
{
	return clock_of_thread.is_up != 0;
}

void scan_clock_enter_match(void)
{
	clock_of_thread.is_matching = 1;
}

void scan_clock_leave_match(void)
{
	clock_of_thread.is_matching = 0;
}
