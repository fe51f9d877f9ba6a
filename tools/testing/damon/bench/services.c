// SPDX-License-Identifier: GPL-2.0
/*
 * What the parts of the guest's program need of the machine: its clock, its log,
 * its end, the files of its kernel, and the port by which results leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

static int out;

uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

void sleep_ms(unsigned long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

void say(const char *format, ...)
{
	va_list args;
	FILE *log = fopen("/dev/kmsg", "w");

	if (!log)
		return;
	fputs("bench: ", log);
	va_start(args, format);
	vfprintf(log, format, args);
	va_end(args);
	fputc('\n', log);
	fclose(log);
}

void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void die(const char *what)
{
	say("%s: %s", what, strerror(errno));
	power_off();
}

static void send_bytes(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(out, p, len);

		if (n <= 0)
			die("serial port");
		p += n;
		len -= n;
	}
}

void send_section(const char *name, const void *data, size_t len)
{
	char head[64];

	snprintf(head, sizeof(head), "%s %zu\n", name, len);
	send_bytes(head, strlen(head));
	send_bytes(data, len);
}

void open_port(void)
{
	struct termios t;

	out = open("/dev/ttyS1", O_RDWR | O_NOCTTY);
	if (out < 0 || tcgetattr(out, &t))
		die("/dev/ttyS1");
	cfmakeraw(&t);
	if (tcsetattr(out, TCSANOW, &t))
		die("/dev/ttyS1");
}

void close_port(void)
{
	tcdrain(out);
	close(out);
}

void put_file(const char *path, const char *format, ...)
{
	char text[256];
	va_list args;
	int fd, len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, len) != len)
		die(path);
	close(fd);
}

size_t get_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		die(path);
	while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	close(fd);
	return len;
}

void read_at(const char *path, void *data, size_t len, uint64_t offset)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || pread(fd, data, len, offset) != (ssize_t)len)
		die(path);
	close(fd);
}
