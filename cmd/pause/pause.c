/*
 * The process that keeps a pod's namespaces alive. It waits for signals and nothing else: SIGTERM and SIGINT end it; where it
 * is process 1 of a shared PID namespace it also collects children that others left behind.
 * No libc: the static binary is a few kilobytes and starts in microseconds.
 */

#if defined(__x86_64__)
enum { SYS_exit = 60, SYS_wait4 = 61, SYS_rt_sigprocmask = 14, SYS_rt_sigtimedwait = 128 };

static long syscall4(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { SYS_exit = 93, SYS_wait4 = 260, SYS_rt_sigprocmask = 135, SYS_rt_sigtimedwait = 137 };

static long syscall4(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "pause knows the system calls of x86_64 and aarch64 only"
#endif

enum { SIGINT = 2, SIGTERM = 15, SIGCHLD = 17, SIG_BLOCK = 0, WNOHANG = 1, SET_BYTES = 8 };

static unsigned long bit(int signal) { return 1UL << (signal - 1); }

__attribute__((noreturn, used)) void pause_main(void) {
  unsigned long signals = bit(SIGINT) | bit(SIGTERM) | bit(SIGCHLD);
  /* Blocked signals wait in the kernel until they are taken one by one: no handler, no race. */
  syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&signals, 0, SET_BYTES);
  for (;;) {
    long signal = syscall4(SYS_rt_sigtimedwait, (long)&signals, 0, 0, SET_BYTES);
    if (signal == SIGCHLD) {
      while (syscall4(SYS_wait4, -1, 0, WNOHANG, 0) > 0) {
      }
    } else if (signal == SIGINT || signal == SIGTERM) {
      for (;;) syscall4(SYS_exit, 0, 0, 0, 0);
    }
  }
}

/* The kernel starts us here, with a stack that C expects to be aligned as after a call. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n and $-16, %rsp\n call pause_main\n");
#else
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n bl pause_main\n");
#endif
