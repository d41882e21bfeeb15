/* Requests that are answered in any order: see virtio_request.h. */
#include "hw/virtio/virtio_request.h"

#include <assert.h>
#include <stdlib.h>

void virtio_requests_init(struct virtio_requests *requests,
                          struct virtio_device *dev, size_t size)
{
    assert(size >= sizeof(struct virtio_request));
    *requests = (struct virtio_requests){.dev = dev, .size = size};
}

void virtio_requests_free(struct virtio_requests *requests,
                          void (*release)(struct virtio_request *req))
{
    while (requests->kept) {
        struct virtio_request *req = requests->kept;
        requests->kept = req->next;
        if (release) {
            release(req);
        }
        virtq_chain_free(&req->chain);
        free(req->data);
        free(req);
    }
}

static struct virtio_request *request_get(struct virtio_requests *requests)
{
    struct virtio_request *req = requests->kept;

    if (req) {
        requests->kept = req->next;
    } else {
        req = calloc(1, requests->size);
        assert(req);
        req->from = requests;
    }
    return req;
}

static void request_put(struct virtio_request *req)
{
    req->next = req->from->kept;
    req->from->kept = req;
}

struct virtio_request *virtio_request_pop(struct virtio_requests *requests,
                                          unsigned n)
{
    struct virtio_request *req = request_get(requests);

    if (!virtio_pop(requests->dev, n, &req->chain)) {
        request_put(req);
        return NULL;
    }
    req->queue = n;
    return req;
}

struct iovec *virtio_request_data(struct virtio_request *req, unsigned count)
{
    if (count > req->data_room) {
        req->data = realloc(req->data, count * sizeof(*req->data));
        assert(req->data);
        req->data_room = count;
    }
    return req->data;
}

void virtio_request_push(struct virtio_request *req, uint64_t written)
{
    virtio_push(req->from->dev, req->queue, &req->chain, written);
    request_put(req);
}
