// The panel of payments: what WeChat Pay knows of the account's orders, and what can befall them.

import { act } from "./control.js";
import { copyOf, fill, part, put, toast, words } from "./dom.js";
import { yuan } from "./format.js";
import { follow, world } from "./world.js";

const LATE_S = 600;

export class Pays {
  constructor() {
    this.drawn = "";
    this.list = part(document, "pay-list");
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-pay-do]");
      if (button) this.act(button.closest("li").dataset.payment, button.dataset.payDo);
    });
  }

  update() {
    const text = JSON.stringify(world.payments);
    if (text === this.drawn) return;
    this.drawn = text;
    const open = world.payments.filter((payment) => payment.state === "NOTPAY").length;
    put(document, "pay-count", open).hidden = !open;
    part(document, "pay-none").hidden = world.payments.length > 0;
    this.list.replaceChildren(...world.payments.map((payment) => this.row(payment)).reverse());
  }

  row(payment) {
    const item = copyOf("payment");
    item.dataset.payment = payment.payment;
    put(item, "title", payment.description);
    put(item, "amount", yuan(payment.total_fen));
    put(item, "state", words.pay_states[payment.state]).classList.add(payment.state === "NOTPAY" ? "is-violet" : payment.state === "CLOSED" ? "is-gray" : "is-ok");
    put(item, "facts", [this.payer(payment), payment.payment, ...this.news(payment)].filter(Boolean).join(" · "));
    const isPaid = payment.state === "SUCCESS" || payment.state === "REFUND";
    for (const button of item.querySelectorAll("[data-pay-do]")) {
      const name = button.dataset.payDo;
      if (name === "pay") button.hidden = isPaid || !payment.phone;
      if (name === "refuse") button.hidden = isPaid;
      if (name === "send") button.hidden = !payment.notices.length;
      const pressed = { refuse: payment.refuses, lose: payment.loses_notices, delay: payment.notice_delay_s > 0 }[name];
      if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed));
    }
    return item;
  }

  payer(payment) {
    return world.phones.find((phone) => phone.phone === payment.phone)?.name ?? "";
  }

  news(payment) {
    const back_fen = payment.refunds.reduce((sum, refund) => sum + refund.amount_fen, 0);
    const last = payment.notices.at(-1);
    return [
      back_fen ? fill(words.pay_refunded, { amount: yuan(back_fen) }) : "",
      last ? `${words.pay_notices[last.state]}${last.tries > 1 ? ` ×${last.tries}` : ""}` : "",
    ];
  }

  async act(number, what) {
    const payment = world.payments.find((one) => one.payment === number);
    const path = `payments/${encodeURIComponent(number)}`;
    // Whatever the panel does passes over the order's end; on a phone the end holds.
    const orders = {
      pay: ["pay", { even_if_over: true }],
      refuse: ["refuse", { refuses: !payment.refuses }],
      lose: ["lose_notices", { loses: !payment.loses_notices }],
      delay: ["delay_notices", { by_s: payment.notice_delay_s ? 0 : LATE_S }],
      send: ["send_notices", {}],
    };
    const [call, body] = orders[what];
    if (await act(`${path}/${call}`, body) && what === "send") toast(words.pay_sent);
    follow();
  }
}
