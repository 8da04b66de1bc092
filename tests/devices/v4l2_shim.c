/* A V4L2 camera without a kernel: preloaded, it answers for /dev/video0 with 640x480 YUYV at 15 pictures per second.
 *
 * The descriptor that it gives out is a timer, so that waiting for it works; a lock on $V4L2_SHIM_LOCK makes a second opener
 * fail with EBUSY, in whatever process; $V4L2_SHIM_LOG gets a line for each open and close. The picture number is drawn as 16
 * white (1) or black (0) columns, 40 pixels wide, the most significant bit on the left. If the file $V4L2_SHIM_UNPLUG exists,
 * the camera is gone: what is open fails with ENODEV.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define WIDTH 640
#define HEIGHT 480
#define SIZE (WIDTH * HEIGHT * 2)
#define BUFFERS 8
#define REAL(name, type) static __typeof__(type) *real; if (!real) real = (__typeof__(type) *)dlsym(RTLD_NEXT, name)

static struct { int fd, lock, streaming, queue[BUFFERS], queued; uint32_t number; uint8_t *memory[BUFFERS]; } camera = {.fd = -1};

static int real_close(int fd) { REAL("close", int(int)); return real(fd); }
static int real_open(const char *path, int flags, int mode) { REAL("open", int(const char *, int, ...)); return real(path, flags, mode); }

static int gone(void) { const char *path = getenv("V4L2_SHIM_UNPLUG"); return path && access(path, F_OK) == 0; }

static void note(const char *what) {
    int fd = real_open(getenv("V4L2_SHIM_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd >= 0) { dprintf(fd, "%s\n", what); real_close(fd); }
}

static int open_camera(void) {
    if (gone()) { errno = ENODEV; return -1; }
    int lock = real_open(getenv("V4L2_SHIM_LOCK"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (flock(lock, LOCK_EX | LOCK_NB)) { real_close(lock); errno = EBUSY; return -1; }
    memset(&camera, 0, sizeof camera);
    camera.lock = lock;
    camera.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    note("open");
    return camera.fd;
}

static int is_camera(const char *path) { return path && strcmp(path, "/dev/video0") == 0; }

#define OPEN(name)                                                                                   \
    int name(const char *path, int flags, ...) {                                                     \
        va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list);             \
        return is_camera(path) ? open_camera() : real_open(path, flags, mode);                       \
    }
OPEN(open)
OPEN(open64)
int __open_2(const char *path, int flags) { return open(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open(path, flags, 0); }
int openat(int folder, const char *path, int flags, ...) {
    REAL("openat", int(int, const char *, int, ...));
    va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list);
    return is_camera(path) ? open_camera() : real(folder, path, flags, mode);
}

int close(int fd) {
    if (fd >= 0 && fd == camera.fd) { camera.fd = -1; note("close"); real_close(camera.lock); }
    return real_close(fd);
}

static void *map(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    REAL("mmap", void *(void *, size_t, int, int, int, off_t));
    if (fd < 0 || fd != camera.fd) return real(at, size, protection, flags, fd, offset);
    return camera.memory[offset / SIZE] = real(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) { return map(at, size, protection, flags, fd, offset); }
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) { return map(at, size, protection, flags, fd, offset); }

static void stream(int on) {
    struct timespec step = {0, on ? 1000000000 / 15 : 0};
    struct itimerspec beat = {step, step};
    timerfd_settime(camera.fd, 0, &beat, NULL);
    camera.streaming = on;
    if (!on) camera.queued = 0;
}

static void draw(uint8_t *to, uint32_t number) {
    for (int x = 0; x < WIDTH; x++) { to[2 * x] = number >> (15 - x / 40) & 1 ? 235 : 16; to[2 * x + 1] = 128; }
    for (int y = 1; y < HEIGHT; y++) memcpy(to + y * WIDTH * 2, to, WIDTH * 2);
}

static int dequeue(struct v4l2_buffer *buffer) {
    uint64_t beats;
    if (gone()) { errno = ENODEV; return -1; }
    if (!camera.queued) { errno = EAGAIN; return -1; }
    if (read(camera.fd, &beats, sizeof beats) < 0) return -1;
    camera.number += beats;
    buffer->index = camera.queue[0];
    memmove(camera.queue, camera.queue + 1, --camera.queued * sizeof(int));
    draw(camera.memory[buffer->index], camera.number);
    buffer->bytesused = SIZE;
    buffer->length = SIZE;
    buffer->sequence = camera.number;
    return 0;
}

static void format(struct v4l2_format *wish) {
    wish->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    wish->fmt.pix = (struct v4l2_pix_format){.width = WIDTH, .height = HEIGHT, .pixelformat = V4L2_PIX_FMT_YUYV, .field = V4L2_FIELD_NONE,
        .bytesperline = WIDTH * 2, .sizeimage = SIZE, .colorspace = V4L2_COLORSPACE_SRGB};
}

static int serve(unsigned long request, void *data) {
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *known = data;
        memset(known, 0, sizeof *known);
        strcpy((char *)known->driver, "shim");
        strcpy((char *)known->card, "Shim Camera");
        known->capabilities = known->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        known->capabilities |= V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: format(data); return 0;
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: {
        struct v4l2_streamparm *wish = data;
        wish->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        wish->parm.capture.timeperframe = (struct v4l2_fract){1, 15};
        return 0;
    }
    case VIDIOC_G_INPUT: *(int *)data = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *input = data;
        if (input->index) break;
        strcpy((char *)input->name, "Camera");
        input->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wish = data;
        if (wish->count > BUFFERS) wish->count = BUFFERS;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = data;
        buffer->length = SIZE;
        buffer->m.offset = buffer->index * SIZE;
        return 0;
    }
    case VIDIOC_QBUF: camera.queue[camera.queued++] = ((struct v4l2_buffer *)data)->index; return 0;
    case VIDIOC_DQBUF: return dequeue(data);
    case VIDIOC_STREAMON: stream(1); return 0;
    case VIDIOC_STREAMOFF: stream(0); return 0;
    }
    errno = EINVAL;
    return -1;
}

int ioctl(int fd, unsigned long request, ...) {
    REAL("ioctl", int(int, unsigned long, ...));
    va_list list; va_start(list, request); void *data = va_arg(list, void *); va_end(list);
    return fd >= 0 && fd == camera.fd ? serve(request, data) : real(fd, request, data);
}
