// Sends /embed requests to a service on loopback and writes what became of them, as JSON, to standard output.
// overload.py compiles it with load_connection.c (-lssl -lcrypto -lnghttp2 -lm) and runs it:
//
//     load PORT PROTOCOL(http1|https1|http2|https2) RATE SECONDS CONNECTIONS MOST WORDS DEADLINE_MS VOCABULARY
//
// RATE is the mean number of requests a second, which arrive at random times whatever happened to those before; 0 means
// that each connection sends its next request when it has its answer. CONNECTIONS are open before the first request.
// If none of them is free, further ones are opened, at most MOST in all; a request that finds none is `unsent`.
// A request's time runs from the moment at which it was due, so it includes this program's own delay.

#include "load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    MOST_STREAMS = 100,
    MOST_OPENING = 64,       // connections that are opened at once before the first request
    SENT_AT_ONCE = 64,       // requests between two looks at the sockets, when this program is behind
    STATUSES = 600,
};
static const double TICK = 0.0005;    // seconds between two looks at the sockets: batches cost less than wake-ups
static const double PATIENCE = 10;    // seconds for the last answers

int port, most, deadline_ms;
int streams;
bool is_tls, is_http2;
static int wanted, words_per_text;
static bool asks_again;
static double rate, seconds, started, ended;
static char **words;
static int word_count;
static struct request *spare;
static unsigned long sent, good, unsent, broken, late, expired, statuses[STATUSES];
static double worst_delay;
static struct times { float *values; size_t count, capacity; } answered, refused;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static unsigned long random_state = 88172645463325252UL;
static unsigned long next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void note(struct times *times, double value) {
    if (times->count == times->capacity) {
        times->capacity = times->capacity ? 2 * times->capacity : 4096;
        times->values = realloc(times->values, times->capacity * sizeof(float));
    }
    times->values[times->count++] = (float)value;
}

// MARK: requests

struct request *make_request(double due) {
    struct request *request = spare;
    if (request) spare = request->next;
    else request = malloc(sizeof *request + BODY_BYTES);
    char *end = stpcpy(request->body, "{\"inputs\":\"");
    for (int i = 0; i < words_per_text && end - request->body < BODY_BYTES - 128; i++) {
        if (i) *end++ = ' ';
        end = stpcpy(end, words[next_random() % (unsigned)word_count]);
    }
    end = stpcpy(end, "\"}");
    request->due = due;
    request->status = 0;
    request->body_bytes = (size_t)(end - request->body);
    request->body_sent = 0;
    sent++;
    const double delay = now() - due;
    if (delay > worst_delay) worst_delay = delay;
    return request;
}

void finish(struct request *request, bool is_whole) {
    const double at = now(), taken = at - request->due;
    if (!is_whole || request->status <= 0 || request->status >= STATUSES) {
        broken++;
    } else {
        statuses[request->status]++;
        const bool is_in_time = taken <= deadline_ms / 1000.0;
        if (request->status == 200) {
            note(&answered, taken);
            good += at < ended && (asks_again || is_in_time);
        } else if (request->status == 504) {
            expired++;
        } else {
            note(&refused, taken);
        }
        late += !is_in_time && request->status != 504;
    }
    request->next = spare;
    spare = request;
}

// MARK: the run

static void send_one(double due) {
    struct connection *connection = take_free();
    if (!connection && connections < most && !is_http2) connection = open_connection();
    if (!connection) {
        unsent++;
        return;
    }
    ask(connection, due);
}

static void pause_until(double time) {
    const double left = time - now();
    if (left > 0) nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e9)}, NULL);
}

static int compare(const void *a, const void *b) {
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static void print_times(const char *name, struct times *times) {
    qsort(times->values, times->count, sizeof(float), compare);
    const double parts[] = {0.5, 0.9, 0.99, 0.999, 1};
    printf("\"%s_ms\": [", name);
    for (int i = 0; i < 5; i++) {
        const size_t place = (size_t)(parts[i] * (double)times->count);
        const size_t last = times->count ? times->count - 1 : 0;
        printf("%s%.2f", i ? ", " : "", times->count ? 1000.0 * times->values[place < last ? place : last] : 0.0);
    }
    printf("], ");
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void read_words(const char *path) {
    FILE *file = fopen(path, "r");
    char line[256];
    words = malloc(sizeof *words * 200000);
    while (file && word_count < 200000 && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        const size_t letters = strspn(line, "abcdefghijklmnopqrstuvwxyz");
        if (letters > 1 && line[letters] == 0) words[word_count++] = strdup(line);
    }
    if (word_count == 0) exit(66);
}

static void read_arguments(char **argv) {
    port = atoi(argv[1]);
    is_tls = strncmp(argv[2], "https", 5) == 0;
    is_http2 = argv[2][strlen(argv[2]) - 1] == '2';
    rate = atof(argv[3]);
    seconds = atof(argv[4]);
    wanted = atoi(argv[5]);
    most = atoi(argv[6]);
    words_per_text = atoi(argv[7]);
    deadline_ms = atoi(argv[8]);
    read_words(argv[9]);
    asks_again = rate == 0;
    streams = asks_again ? 1 : MOST_STREAMS;
}

static void prepare(void) {
    random_state ^= (unsigned long)time(NULL) * 2654435761UL;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prepare_connections();
}

static void open_wanted(void) {
    const double give_up = now() + 60;
    while ((connections < wanted || opening) && now() < give_up) {
        while (connections < wanted && opening < MOST_OPENING && open_connection()) {}
        poll_sockets();
        pause_until(now() + TICK);
    }
}

static void send_requests(void) {
    started = now();
    ended = started + seconds;
    double due = started, tick = started;
    while (tick < ended) {
        if (asks_again) {
            for (struct connection *free; (free = take_free());) ask(free, now());
        } else {
            for (int count = 0; due <= now() && count < SENT_AT_ONCE; count++) {
                send_one(due);
                due -= log((double)(next_random() % 1000000 + 1) / 1000001.0) / rate;
            }
        }
        poll_sockets();
        pause_until(tick += TICK);
        if (tick < now()) tick = now();
    }
}

static void await_answers(void) {
    while (now() < ended + PATIENCE && answered.count + refused.count + expired + broken < sent) {
        poll_sockets();
        pause_until(now() + TICK);
    }
}

static void print_outcome(double used) {
    printf("{\"sent\": %lu, \"seconds\": %g, \"good\": %lu, \"unsent\": %lu, \"broken\": %lu, ", sent, seconds, good,
        unsent, broken);
    printf("\"unanswered\": %lu, ", sent - answered.count - refused.count - expired - broken);
    printf("\"late\": %lu, \"cpu\": %.3f, \"delay_ms\": %.2f, \"connections\": %d, ", late, used, 1000 * worst_delay,
        connections);
    print_times("answered", &answered);
    print_times("refused", &refused);
    printf("\"statuses\": {");
    for (int i = 0, some = 0; i < STATUSES; i++) {
        if (statuses[i]) printf("%s\"%d\": %lu", some++ ? ", " : "", i, statuses[i]);
    }
    printf("}}\n");
}

int main(int argc, char **argv) {
    if (argc != 10) return 64;
    read_arguments(argv);
    prepare();
    open_wanted();
    const double before = cpu_seconds();
    send_requests();
    const double used = cpu_seconds() - before;
    await_answers();
    print_outcome(used);
    return 0;
}
