/* A FIDO2 key for stock ssh-keygen (OpenSSH's SecurityKeyProvider, sk-api.h version 10) that has no key: it asks the test,
 * over the Unix socket named by SK_TEST_SOCKET, so that keys, PIN and touch are plain JavaScript (provider.ts).
 *
 * Needs a compiler and nothing else: no header is included and nothing linked, since the C library is there already in
 * the program that loads this. Linux only.
 *
 * Request:  byte op ('E' enrol, 'S' sign), uint32 algorithm, byte flags, then strings: application, challenge or message,
 *           key handle, PIN.  Answer: byte error (0 none, else the negated SSH_SK_ERR), then for enrol five strings (public
 *           key, key handle, signature, certificate, authenticator data), for sign byte flags, uint32 counter, strings r, s.
 * A string is uint32 length and bytes; numbers are in network order. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long size;

extern void *calloc(size, size);
extern char *getenv(const char *);
extern int socket(int, int, int), connect(int, const void *, u32), close(int);
extern long read(int, void *, size), write(int, const void *, size);

struct enrolled { u8 flags; u8 *key; size key_n; u8 *handle; size handle_n; u8 *sig; size sig_n; u8 *cert; size cert_n; u8 *data; size data_n; };
struct signature { u8 flags; u32 counter; u8 *r; size r_n; u8 *s; size s_n; };

enum { GENERAL = -1, UNSUPPORTED = -2, NO_DEVICE = -4 };

static size length(const char *text) { size n = 0; while (text && text[n]) n++; return n; }

static int put(int fd, const void *bytes, size n) {
  const u8 *from = bytes;
  for (long did; n > 0; from += did, n -= (size)did) if ((did = write(fd, from, n)) <= 0) return -1;
  return 0;
}
static int get(int fd, void *bytes, size n) {
  u8 *to = bytes;
  for (long did; n > 0; to += did, n -= (size)did) if ((did = read(fd, to, n)) <= 0) return -1;
  return 0;
}
static int put_u32(int fd, u32 v) { u8 b[4] = {(u8)(v >> 24), (u8)(v >> 16), (u8)(v >> 8), (u8)v}; return put(fd, b, 4); }
static int get_u32(int fd, u32 *v) {
  u8 b[4];
  if (get(fd, b, 4)) return -1;
  *v = (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
  return 0;
}
static int put_string(int fd, const void *bytes, size n) { return put_u32(fd, (u32)n) || put(fd, bytes, n); }
static int get_string(int fd, u8 **bytes, size *n) {
  u32 len;
  if (get_u32(fd, &len) || len > 65536 || !(*bytes = calloc(1, len + 1))) return -1;
  *n = len;
  return get(fd, *bytes, len);
}

/* A connection on which the request has been sent and no error answered; negative for an error. */
static int ask(u8 op, u32 algorithm, u8 flags, const char *application, const u8 *message, size message_n, const u8 *handle, size handle_n, const char *pin) {
  struct { unsigned short family; char path[108]; } address = {1, {0}};
  const char *path = getenv("SK_TEST_SOCKET");
  size n = length(path);
  u8 error;
  if (n == 0 || n >= sizeof address.path) return NO_DEVICE;
  for (size i = 0; i < n; i++) address.path[i] = path[i];
  int fd = socket(1, 1, 0);
  if (fd < 0) return NO_DEVICE;
  if (connect(fd, &address, sizeof address)) { close(fd); return NO_DEVICE; }
  if (put(fd, &op, 1) || put_u32(fd, algorithm) || put(fd, &flags, 1) || put_string(fd, application, length(application)) ||
      put_string(fd, message, message_n) || put_string(fd, handle, handle_n) || put_string(fd, pin, length(pin)) || get(fd, &error, 1)) {
    close(fd);
    return GENERAL;
  }
  if (error) { close(fd); return -(int)error; }
  return fd;
}

u32 sk_api_version(void) { return 0x000a0000; }

int sk_enroll(u32 algorithm, const u8 *challenge, size challenge_n, const char *application, u8 flags, const char *pin, void **options, struct enrolled **out) {
  (void)options;
  int fd = ask('E', algorithm, flags, application, challenge, challenge_n, 0, 0, pin);
  if (fd < 0) return fd;
  struct enrolled *e = calloc(1, sizeof *e);
  int bad = !e || get_string(fd, &e->key, &e->key_n) || get_string(fd, &e->handle, &e->handle_n) || get_string(fd, &e->sig, &e->sig_n) ||
            get_string(fd, &e->cert, &e->cert_n) || get_string(fd, &e->data, &e->data_n);
  close(fd);
  if (bad) return GENERAL;
  e->flags = flags;
  *out = e;
  return 0;
}

int sk_sign(u32 algorithm, const u8 *message, size message_n, const char *application, const u8 *handle, size handle_n, u8 flags, const char *pin, void **options, struct signature **out) {
  (void)options;
  int fd = ask('S', algorithm, flags, application, message, message_n, handle, handle_n, pin);
  if (fd < 0) return fd;
  struct signature *s = calloc(1, sizeof *s);
  int bad = !s || get(fd, &s->flags, 1) || get_u32(fd, &s->counter) || get_string(fd, &s->r, &s->r_n) || get_string(fd, &s->s, &s->s_n);
  close(fd);
  if (bad) return GENERAL;
  *out = s;
  return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size *n) {
  (void)pin, (void)options, (void)keys, (void)n;
  return UNSUPPORTED;
}
