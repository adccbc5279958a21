/* What stands between the bench and lwIP's raw API: callbacks and structures whose layout depends on how the library was built.
 *
 * Frames come in the bench's slots and stay there, as from a DMA ring (pbuf_custom); what leaves is copied into the bench's slots. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "netif/ethernet.h"

struct stack;

/* An established connection, as the backend has it. */
struct connection {
  struct stack *stack;
  struct tcp_pcb *pcb; /* NULL after an error */
  struct pbuf *received;
  uint32_t peer_address;
  uint16_t peer_port;
  uint8_t ended;    /* the client has closed its direction */
  uint8_t is_ready; /* it is in the queue of those to be read */
  struct connection *next_ready;
  struct connection *next_accepted;
  struct connection *next, **previous;
};

/* A place of the receive ring. */
struct slot {
  struct pbuf_custom pbuf;
  uint8_t is_busy;
};

struct stack {
  struct netif netif;
  struct tcp_pcb *listener;
  void *(*transmit)(void *context, uint16_t length);
  void *context;
  struct connection *connections;
  struct connection *accepted, **accepted_end;
  struct connection *ready, **ready_end;
  size_t slots;
  struct slot slot[];
};

static void tell(struct connection *connection) {
  struct stack *stack = connection->stack;
  if (connection->is_ready)
    return;
  connection->is_ready = 1;
  connection->next_ready = NULL;
  *stack->ready_end = connection;
  stack->ready_end = &connection->next_ready;
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error) {
  struct connection *connection = argument;
  (void)pcb;
  (void)error;
  if (p == NULL)
    connection->ended = 1;
  else if (connection->received == NULL)
    connection->received = p;
  else
    pbuf_cat(connection->received, p);
  tell(connection);
  return ERR_OK;
}

static void on_error(void *argument, err_t error) {
  struct connection *connection = argument;
  (void)error;
  connection->pcb = NULL;
  connection->ended = 1;
}

static err_t on_accepted(void *argument, struct tcp_pcb *pcb, err_t error) {
  struct stack *stack = argument;
  struct connection *connection;
  if (error != ERR_OK || pcb == NULL)
    return ERR_VAL;
  connection = calloc(1, sizeof *connection);
  if (connection == NULL)
    return ERR_MEM;
  connection->stack = stack;
  connection->pcb = pcb;
  connection->peer_address = lwip_ntohl(ip_addr_get_ip4_u32(&pcb->remote_ip));
  connection->peer_port = pcb->remote_port;
  connection->next = stack->connections;
  connection->previous = &stack->connections;
  if (connection->next != NULL)
    connection->next->previous = &connection->next;
  stack->connections = connection;
  *stack->accepted_end = connection;
  stack->accepted_end = &connection->next_accepted;
  tcp_arg(pcb, connection);
  tcp_recv(pcb, on_received);
  tcp_err(pcb, on_error);
  return ERR_OK;
}

static err_t on_link_output(struct netif *netif, struct pbuf *p) {
  struct stack *stack = netif->state;
  void *place = stack->transmit(stack->context, p->tot_len);
  if (place == NULL)
    return ERR_BUF;
  pbuf_copy_partial(p, place, p->tot_len, 0);
  return ERR_OK;
}

static err_t on_added(struct netif *netif) {
  netif->name[0] = 'b';
  netif->name[1] = 'e';
  netif->mtu = 1500;
  netif->output = etharp_output;
  netif->linkoutput = on_link_output;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  return ERR_OK;
}

static void on_freed(struct pbuf *p) { ((struct slot *)(void *)p)->is_busy = 0; }

/* The library's own state is made once in a process. */
void bench_lwip_init(void) { lwip_init(); }

/* A stack that listens; addresses in the host's byte order. `transmit` gives the place for a frame that leaves, or NULL. */
struct stack *bench_lwip_new(size_t slots, const uint8_t ethernet[6], uint32_t address, uint32_t gateway, uint16_t port,
                             void *(*transmit)(void *, uint16_t), void *context) {
  struct stack *stack = calloc(1, sizeof *stack + slots * sizeof stack->slot[0]);
  ip4_addr_t own, mask, router;
  ip_addr_t bound;
  struct tcp_pcb *pcb;
  if (stack == NULL)
    return NULL;
  stack->slots = slots;
  stack->transmit = transmit;
  stack->context = context;
  stack->accepted_end = &stack->accepted;
  stack->ready_end = &stack->ready;
  ip4_addr_set_u32(&own, lwip_htonl(address));
  ip4_addr_set_u32(&mask, lwip_htonl(0xffffff00));
  ip4_addr_set_u32(&router, lwip_htonl(gateway));
  if (netif_add(&stack->netif, &own, &mask, &router, stack, on_added, ethernet_input) == NULL)
    abort();
  memcpy(stack->netif.hwaddr, ethernet, 6);
  stack->netif.hwaddr_len = 6;
  netif_set_default(&stack->netif);
  netif_set_link_up(&stack->netif);
  netif_set_up(&stack->netif);
  ip_addr_copy_from_ip4(bound, own);
  pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  if (pcb == NULL || tcp_bind(pcb, &bound, port) != ERR_OK)
    abort();
  stack->listener = tcp_listen_with_backlog(pcb, 255);
  if (stack->listener == NULL)
    abort();
  tcp_arg(stack->listener, stack);
  tcp_accept(stack->listener, on_accepted);
  return stack;
}

static void release(struct connection *connection) {
  if (connection->received != NULL)
    pbuf_free(connection->received);
  *connection->previous = connection->next;
  if (connection->next != NULL)
    connection->next->previous = connection->previous;
  free(connection);
}

void bench_lwip_free(struct stack *stack) {
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  while (tcp_tw_pcbs != NULL)
    tcp_abort(tcp_tw_pcbs);
  while (stack->connections != NULL)
    release(stack->connections);
  tcp_close(stack->listener);
  etharp_cleanup_netif(&stack->netif);
  netif_remove(&stack->netif);
  free(stack);
}

/* A frame has come into a slot. Returns whether lwIP had let go of the one that was there before. */
int bench_lwip_input(struct stack *stack, size_t at, uint8_t *frame, uint16_t length) {
  struct slot *slot = &stack->slot[at];
  struct pbuf *p;
  if (at >= stack->slots || slot->is_busy)
    return 0;
  slot->is_busy = 1;
  slot->pbuf.custom_free_function = on_freed;
  p = pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &slot->pbuf, frame, length);
  if (p == NULL || stack->netif.input(p, &stack->netif) != ERR_OK)
    abort();
  return 1;
}

/* Every 250 ms, and every second. */
void bench_lwip_tcp_timer(void) { tcp_tmr(); }
void bench_lwip_arp_timer(void) { etharp_tmr(); }

struct connection *bench_lwip_accept(struct stack *stack) {
  struct connection *connection = stack->accepted;
  /* They would wait for two minutes in a list that every segment of no other connection walks through. */
  while (tcp_tw_pcbs != NULL)
    tcp_abort(tcp_tw_pcbs);
  if (connection == NULL)
    return NULL;
  stack->accepted = connection->next_accepted;
  if (stack->accepted == NULL)
    stack->accepted_end = &stack->accepted;
  return connection;
}

uint32_t bench_lwip_peer_address(const struct connection *connection) { return connection->peer_address; }
uint16_t bench_lwip_peer_port(const struct connection *connection) { return connection->peer_port; }

struct connection *bench_lwip_next_readable(struct stack *stack) {
  struct connection *connection = stack->ready;
  if (connection == NULL)
    return NULL;
  stack->ready = connection->next_ready;
  if (stack->ready == NULL)
    stack->ready_end = &stack->ready;
  connection->is_ready = 0;
  return connection;
}

int bench_lwip_has_ended(const struct connection *connection) { return connection->ended; }

static void consume(struct connection *connection, uint16_t length) {
  connection->received = pbuf_free_header(connection->received, length);
  if (connection->pcb != NULL)
    tcp_recved(connection->pcb, length);
}

/* Copies what was received into `buffer`; 0: there is nothing. */
size_t bench_lwip_read(struct connection *connection, uint8_t *buffer, size_t room) {
  uint16_t length;
  if (connection->received == NULL)
    return 0;
  length = connection->received->tot_len;
  if (length > room)
    length = (uint16_t)room;
  pbuf_copy_partial(connection->received, buffer, length, 0);
  consume(connection, length);
  return length;
}

/* Where the next piece of what was received lies; 0: there is nothing. */
size_t bench_lwip_piece(const struct connection *connection, const uint8_t **piece) {
  if (connection->received == NULL)
    return 0;
  *piece = connection->received->payload;
  return connection->received->len;
}

void bench_lwip_consume(struct connection *connection, size_t length) { consume(connection, (uint16_t)length); }

size_t bench_lwip_room(const struct connection *connection) {
  if (connection->pcb == NULL || tcp_sndqueuelen(connection->pcb) >= TCP_SND_QUEUELEN)
    return 0;
  return tcp_sndbuf(connection->pcb);
}

/* Queues a copy and sends what may be sent; returns how much was queued. */
size_t bench_lwip_write(struct connection *connection, const uint8_t *data, size_t length) {
  size_t room = bench_lwip_room(connection);
  if (length > room)
    length = room;
  if (length == 0 || tcp_write(connection->pcb, data, (uint16_t)length, TCP_WRITE_FLAG_COPY) != ERR_OK)
    return 0;
  tcp_output(connection->pcb);
  return length;
}

/* Returns whether it could be. */
int bench_lwip_close(struct connection *connection) {
  struct tcp_pcb *pcb = connection->pcb;
  if (pcb != NULL) {
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    if (tcp_close(pcb) != ERR_OK)
      return 0;
  }
  release(connection);
  return 1;
}
