// The board's page. What people wrote is put in by textContent alone; nothing here makes HTML of a text.
'use strict';

const $ = id => document.getElementById(id);
const keyName = 'jumpbag.key';
const most = 400; // items kept while nobody asked for older ones
const silence = 35000; // the board says something every ten seconds
const tags = ['red', 'yellow', 'green', 'grey', 'black'];

let key = read();
let me = null, state = null, running = [];
let lastId = '', skew = 0, more = false, paged = false, live = false;
let lost = null, keyGiven = null, reader = null;

// --- small things -------------------------------------------------------------------------------------------------

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {}))
    if (value !== null && value !== undefined && value !== false)
      name === 'data' ? Object.assign(element.dataset, value) : element[name] = value;
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

function read() {
  try { return localStorage.getItem(keyName) ?? ''; } catch { return ''; }
}

function keep(value) {
  key = value;
  try { value ? localStorage.setItem(keyName, value) : localStorage.removeItem(keyName); } catch { /* For this tab only. */ }
}

const now = () => Date.now() + skew;
const two = number => String(number).padStart(2, '0');

function clock(time) {
  const date = new Date(time), day = date.toISOString().slice(0, 10);
  return (day === new Date(now()).toISOString().slice(0, 10) ? '' : day + ' ') + date.toISOString().slice(11, 19);
}

function span(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  return seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.floor(seconds / 60)} min`
    : seconds < 172800 ? `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min` : `${Math.floor(seconds / 86400)} days`;
}

// A time that goes on: since, due or left.
function ticking(kind, time, title) {
  const element = make('time', { dateTime: time, title: title ?? clock(time), data: { kind } });
  tick(element);
  return element;
}

function tick(element) {
  const distance = Date.parse(element.dateTime) - now();
  let text;
  switch (element.dataset.kind) {
    case 'since': text = span(distance); break;
    case 'left': text = distance > 0 ? span(distance) : 'any moment'; break;
    default:
      text = distance < 0 ? `OVERDUE ${span(distance)}` : `in ${span(distance)}`;
      element.classList.toggle('late', distance < 0);
  }
  if (element.textContent !== text)
    element.textContent = text;
}

function fill(id, children, nothing) {
  $(id).replaceChildren(...(children.length ? children : nothing ? [make('li', { className: 'empty' }, nothing)] : []));
}

function count(id, text) {
  document.querySelector(`#${id} .count`).textContent = text;
}

// --- the state ----------------------------------------------------------------------------------------------------

function show() {
  const s = state, canWrite = me?.right === 'write';
  document.title = `${s.problem ? '! ' : ''}${s.title} · ${s.closed ? 'closed' : 'severity ' + s.severity}`;
  $('severity').className = s.closed ? 'over' : 's' + s.severity;
  $('severity').replaceChildren(s.closed ? 'CLOSED' : s.drill ? 'DRILL' : 'SEV', ...(s.closed ? [] : [make('b', {}, String(s.severity))]));
  $('title').textContent = s.title;
  fill('people', [...s.roles.map(one => [one.role + ' ', one.person]), ...s.handoffs.map(one => [one.role + ' waits for ', one.to])]
    .flatMap(([role, person], i) => [(i ? ' · ' : '') + role, make('b', {}, person)]));
  const [label, time] = $('open-for').children;
  label.textContent = s.closed ? 'closed after' : 'open for';
  time.replaceChildren(s.closed ? span(Date.parse(s.closed) - Date.parse(s.opened)) : ticking('since', s.opened, 'since ' + clock(s.opened)));
  $('next-update').hidden = !s.nextUpdate;
  if (s.nextUpdate)
    $('next-update').lastElementChild.replaceChildren(ticking('due', s.nextUpdate));
  fill('phases', s.phases.map(phase => make('li', {
    className: phase.done ? 'done' : phase.number === s.phase ? 'current' : '', ariaCurrent: phase.number === s.phase ? 'step' : null,
    title: phase.title,
  }, make('b', {}, `${phase.number} `, make('span', { className: 'name' }, phase.title)),
  phase.done ? make('small', {}, `after ${span(Date.parse(phase.done) - Date.parse(s.opened))}${phase.text ? ': ' + phase.text : ''}`)
    : phase.number === s.phase && phase.begun ? make('small', {}, 'for ', ticking('since', phase.begun)) : null)));
  fill('next', s.closed ? [make('li', {}, `closed: ${s.summary ?? ''}`), ...s.next.map(nextLine)] : s.next.map(nextLine), 'nothing is open');
  $('triage').replaceChildren(...tags.map(tag => column(tag, s.patients.filter(one => one.tag === tag), canWrite)));
  $('patients').replaceChildren(...s.patients.map(one => make('option', { value: one.name })));
  count('tasks-title', s.tasksDone ? `${s.tasksDone} done` : '');
  fill('tasks', s.tasks.map(task => make('li', {},
    make('span', { className: 'owner' }, task.owner), make('span', { className: 'due' }, ticking('due', task.due)),
    make('span', { className: 'text' }, make('span', { className: 'label' }, `${task.label} `), task.text, task.followUp ? make('span', { className: 'label' }, ' (follow-up)') : null))), 'nobody owes anything');
  const open = s.assumptions.filter(one => one.standing === 'open').length;
  count('assumptions-title', [open ? `${open} open` : '', s.facts ? `${s.facts} facts` : ''].filter(Boolean).join(', '));
  fill('assumptions', s.assumptions.filter(one => one.standing !== 'confirmed').map(one => make('li', { className: one.standing === 'open' ? '' : 'over' },
    make('span', { className: 'label' }, `${one.label} `), one.standing === 'false' ? make('span', { className: 'false' }, `FALSE by ${one.fact}: `) : null,
    make('span', { className: 'text' }, one.text), make('span', { className: 'label' }, ` (${one.author})`))), 'none is open');
  showPlan(s.plan);
  $('watched-section').hidden = s.watched.length === 0;
  fill('watched', s.watched.map(one => make('li', {}, make('span', { className: one.exitStatus === 0 ? '' : 'late' }, `${one.label} ${one.exitStatus === 0 ? 'ok' : 'exit status ' + one.exitStatus} `),
    make('span', { className: 'command' }, one.command), make('small', { className: 'label' }, ` on ${one.host} for `, ticking('since', one.since)), one.output ? make('div', { className: 'label' }, one.output) : null)));
  showBackups(s.backups);
  count('timeline-title', `${s.events.toLocaleString('en')} events`);
  $('acts').hidden = !canWrite;
  $('vet-button').hidden = !s.plan?.waits;
  $('me').textContent = me ? `${me.name} (${me.right === 'read' ? 'reads' : me.right === 'host' ? 'reports' : me.identity})` : '';
  $('leave').hidden = !key;
  trouble();
}

// "do this: jumpbag incident …": the command stands below.
function nextLine(text) {
  const at = text.indexOf(': jumpbag ');
  return make('li', {}, at < 0 ? text : text.slice(0, at), at < 0 ? null : make('code', {}, text.slice(at + 2)));
}

function column(tag, patients, canWrite) {
  return make('div', { className: tag }, make('h3', { className: patients.length ? '' : 'none' }, make('span', {}, tag), make('span', {}, String(patients.length))),
    ...patients.map(one => make('div', { className: 'patient' },
      make('button', { className: 'name', type: 'button', disabled: !canWrite, onclick: () => openTriage(one) }, one.name),
      make('p', {}, one.why),
      make('small', {}, 'for ', ticking('since', one.since), ...(one.revisit ? [', look again ', ticking('due', one.revisit)] : [])))));
}

function showPlan(plan) {
  $('plan-section').hidden = !plan;
  if (!plan)
    return;
  const done = plan.steps.filter(step => step.standing === 'done').length;
  $('plan').replaceChildren(
    make('p', {}, make('span', { className: 'label' }, `${plan.label} `), make('b', {}, plan.title)),
    make('p', { className: 'standing ' + (plan.waits || plan.restsOnFalse ? 'late' : '') }, plan.restsOnFalse ? 'RESTS ON WHAT IS FALSE' : plan.standing),
    ...(plan.steps.length ? [make('p', { className: 'label' }, `${done} of ${plan.steps.length} steps done`), steps(plan)] : []));
}

function steps(plan, all) {
  const next = plan.steps.findIndex(step => step.standing !== 'done');
  const shown = all ? plan.steps.map((step, i) => [step, i]) : next < 0 ? [] : [[plan.steps[next], next]];
  return make('ol', { className: 'steps' }, ...shown.map(([step, i]) => make('li', {},
    make('span', { className: 'command' }, `${i + 1}. $ ${step.command}`), step.standing === 'open' ? null : make('b', {}, ` [${step.standing}]`),
    make('div', { className: step.risk.includes('source') ? 'danger' : 'label' }, `${step.risk}: ${step.target}`),
    all ? make('div', { className: 'label' }, `expected: exit status 0${step.expect ? ` and "${step.expect}"` : ''}${step.wayBack ? `; way back: ${step.wayBack}` : ''}${step.minutes ? `; time box: ${step.minutes} min` : ''}`) : null)));
}

// Sources down, copies across, from the nearest to the farthest; a colour says whether one may count on it.
function showBackups(seen) {
  $('backups-section').hidden = !seen;
  if (!seen)
    return;
  const tiers = ['near', 'offsite'], sources = [...new Set(seen.copies.map(one => one.source))];
  const copies = [...new Map(seen.copies.map(one => [one.copy, one])).values()].sort((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier));
  $('backups-title').querySelector('.count').replaceChildren('seen ', ticking('since', seen.seen), ` ago on ${seen.host}`);
  $('backups').replaceChildren(make('table', {},
    make('thead', {}, make('tr', {}, make('th', {}), ...copies.map(one => make('th', { scope: 'col' }, one.copy, make('small', {}, one.tier))))),
    make('tbody', {}, ...sources.map(source => make('tr', {}, make('th', { scope: 'row' }, source),
      ...copies.map(copy => backupCell(seen.copies.find(one => one.source === source && one.copy === copy.copy))))))),
  ...seen.live.map(one => make('p', { className: one.healthy ? 'label' : 'late' }, `${one.copy} (live): ${one.healthy ? '' : 'NOT WELL: '}${one.message}`)),
  ...seen.violations.map(text => make('p', { className: 'violation' }, text)));
}

function backupCell(one) {
  if (!one)
    return make('td', {});
  return make('td', { className: one.standing, title: one.problem },
    make('b', {}, one.taken ? ticking('since', one.taken, `taken ${clock(one.taken)}`) : one.problem ? 'none' : ''),
    make('small', {}, [one.size, one.restore ? `back in ${one.restore}` : ''].filter(Boolean).join(', ')),
    one.problem ? make('small', {}, one.problem) : null);
}

function showRunning() {
  count('running-title', running.length ? String(running.length) : '');
  fill('running', running.map(one => {
    const known = typeof one.share === 'number';
    return make('li', {},
      make('div', { className: 'what' }, make('span', { className: 'command' }, one.command),
        make('span', { className: 'far' }, one.standing === 'gone' ? make('span', { className: 'late' }, 'ENDED') : known ? `${Math.floor(one.share * 100)} %` : '')),
      known && one.standing !== 'gone' ? make('progress', { max: 1, value: one.share, ariaLabel: 'done' }) : null,
      make('small', {}, make('span', { className: 'host' }, one.host), ` · ${one.author} · for `, ticking('since', one.begun),
        ...(one.standing === 'gone' ? [' · without a word: killed, or the machine went down'] : one.standing === 'silent' ? [make('span', { className: 'late' }, ' · no news from that host')]
          : one.end ? [' · done in ', make('span', { className: 'eta' }, ticking('left', one.end))] : [])));
  }), 'nothing runs');
}

// --- the timeline -------------------------------------------------------------------------------------------------

const keyTypes = ['open', 'close', 'reopen', 'severity', 'phase', 'update', 'refute', 'confirm', 'triage', 'vet', 'plan'];
const machineTypes = ['command', 'commandEnd', 'monitor', 'monitorEnd', 'step', 'stepEnd'];

function item(one, fresh) {
  const kind = keyTypes.includes(one.type) ? 'key' : machineTypes.includes(one.type) ? 'machine' : one.type === 'merge' || one.type === 'recovered' ? 'quiet' : '';
  return make('li', { className: `${kind}${one.withdrawn ? ' withdrawn' : ''}${fresh ? ' fresh' : ''}`, data: { id: one.id, mark: one.mark } },
    make('time', { dateTime: one.when, title: one.written ? `written ${clock(one.written)}` : one.when }, clock(one.when) + (one.written ? '*' : '')),
    make('span', { className: 'who', title: `${one.author} (${one.identity}) on ${one.host}` }, `${one.author}@${one.host}`),
    make('span', { className: 'text' }, one.tag ? make('span', { className: 'dot ' + (tags.includes(one.tag) ? one.tag : '') }) : null, one.text,
      one.withdrawn ? ' (withdrawn)' : '', one.first ? make('span', { className: 'label' }, ` (first written: ${one.first})`) : null));
}

// Newest on top. An item that is there already is shown anew.
function place(one, fresh) {
  const list = $('timeline');
  for (const old of list.children)
    if (old.dataset.id === one.id) {
      old.remove();
      break;
    }
  let at = list.firstElementChild;
  while (at && at.dataset.mark > one.mark)
    at = at.nextElementSibling;
  if (at)
    at.before(item(one, fresh));
  else if (!more || !list.children.length)
    list.append(item(one, fresh)); // Else it is older than what is shown, and comes with the older ones.
  while (!paged && list.children.length > most) {
    list.lastElementChild.remove();
    more = true;
  }
}

function update(message) {
  skew = Date.parse(message.now) - Date.now();
  state = message.state;
  if (message.reset) {
    $('timeline').replaceChildren(...message.items.reverse().map(one => item(one, false)));
    more = state.events > message.items.length;
    paged = false;
  } else {
    for (const one of message.items)
      place(one, true);
  }
  $('older').hidden = !more;
  show();
}

async function older() {
  const list = $('timeline'), last = list.lastElementChild;
  if (!last || !more)
    return;
  $('older').disabled = true;
  try {
    const answer = await ask('GET', '/api/timeline?before=' + encodeURIComponent(last.dataset.mark));
    paged = true;
    more = answer.more;
    list.append(...answer.items.reverse().map(one => item(one, false)));
    $('older').hidden = !more;
  } catch (failure) {
    trouble(failure.message);
  } finally {
    $('older').disabled = false;
  }
}

// --- the board ----------------------------------------------------------------------------------------------------

async function ask(method, path, body) {
  const headers = { Authorization: 'Bearer ' + key };
  if (body)
    headers['Content-Type'] = 'application/json';
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok)
    throw Object.assign(new Error((answer.error ?? `the board answered ${response.status}`) + (answer.hint ? ` (${answer.hint})` : '')), { status: response.status });
  return answer;
}

function trouble(text) {
  const what = text ?? (lost ? `No connection since ${clock(lost)}: this is what was known then. Trying again…` : state?.problem ?? '');
  $('trouble').hidden = !what;
  $('trouble').textContent = what;
}

// Reads the stream until it ends. EventSource could not send the key.
async function stream() {
  const ending = new AbortController();
  reader = ending;
  let heard = Date.now();
  const guard = setInterval(() => { if (Date.now() - heard > silence) ending.abort(); }, 1000);
  try {
    const headers = { Authorization: 'Bearer ' + key };
    if (lastId)
      headers['Last-Event-ID'] = lastId;
    const response = await fetch('/api/events', { headers, cache: 'no-store', signal: ending.signal });
    if (!response.ok)
      throw Object.assign(new Error('refused'), { status: response.status });
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await text.read();
      if (done)
        return;
      heard = Date.now();
      lost = null;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      blocks.forEach(take);
      if (!live) {
        live = true;
        trouble();
      }
    }
  } finally {
    clearInterval(guard);
    live = false;
  }
}

function take(block) {
  let type = '', data = '', id = null;
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) type = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
    else if (line.startsWith('id: ')) id = line.slice(4);
  }
  if (type === 'update')
    update(JSON.parse(data));
  else if (type === 'running') {
    running = JSON.parse(data);
    showRunning();
  }
  if (id)
    lastId = id;
}

async function follow() {
  let pause = 250;
  for (;;) {
    if (!key)
      await login();
    try {
      me = await ask('GET', '/api/me');
      pause = 250;
      await stream();
    } catch (failure) {
      if (failure.status === 401) {
        keep('');
        login.message = failure.message;
        continue;
      }
    }
    lost ??= now();
    if (key)
      trouble();
    await new Promise(done => setTimeout(done, pause));
    pause = Math.min(pause * 2, 4000);
  }
}

function login() {
  state = null;
  lastId = '';
  lost = null;
  trouble();
  $('timeline').replaceChildren();
  document.querySelector('#login-dialog .wrong').textContent = login.message ?? '';
  login.message = null;
  if (!$('login-dialog').open)
    $('login-dialog').showModal();
  return new Promise(done => { keyGiven = done; });
}

function enter(value) {
  keep(value);
  $('login-dialog').close();
  $('token').value = '';
  keyGiven?.();
}

// The code of a link is behind the #, which is taken away before anything else happens.
async function begin() {
  const code = new URLSearchParams(location.hash.slice(1)).get('k');
  if (location.hash)
    history.replaceState(null, '', location.pathname);
  if (code)
    try {
      keep((await ask('POST', '/api/login', { code })).key);
    } catch (failure) {
      if (!key)
        login.message = failure.status === 401 ? 'That address was used already, or is older than ten minutes: jumpbag board link prints another.' : failure.message;
    }
  follow();
}

// --- writing ------------------------------------------------------------------------------------------------------

function openDialog(name) {
  if (name !== 'keys' && (me?.right !== 'write' || !state))
    return;
  if (name === 'vet') {
    if (!state.plan)
      return;
    const plan = state.plan;
    $('vet-form').plan = { plan: plan.id, hash: plan.hash };
    $('vet-plan').replaceChildren(make('p', {}, make('b', {}, `${plan.label} ${plan.title}`)), make('p', {}, `by ${plan.authors.join(', ')}; ${plan.standing}`),
      ...plan.rests.map(text => make('p', { className: 'label' }, `rests on ${text}`)), steps(plan, true), make('p', { className: 'label' }, `hash ${plan.hash.slice(0, 12)}`));
  }
  const dialog = $(name + '-dialog');
  dialog.querySelector('.wrong')?.replaceChildren();
  if (!dialog.open)
    dialog.showModal();
}

function openTriage(patient) {
  openDialog('triage');
  $('patient').value = patient.name;
  document.querySelector(`#triage-form [value=${CSS.escape(patient.tag)}]`).checked = true;
  $('why').focus();
}

function sends(name, path, body) {
  const form = $(name + '-form'), wrong = form.querySelector('.wrong'), button = form.querySelector('[type=submit]');
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    wrong.textContent = '';
    try {
      await ask('POST', path, body(form));
      form.reset();
      $(name + '-dialog').close();
    } catch (failure) {
      wrong.textContent = failure.message === 'Failed to fetch' ? 'The board can\'t be reached; nothing was written.' : failure.message;
    } finally {
      button.disabled = false;
    }
  });
}

sends('note', '/api/note', () => ({ text: $('note-text').value }));
sends('triage', '/api/triage', form => ({ patient: $('patient').value, tag: form.elements.tag.value, why: $('why').value }));
sends('vet', '/api/vet', form => ({ ...form.plan, text: $('vet-text').value }));
$('login-form').addEventListener('submit', event => {
  event.preventDefault();
  enter($('token').value.trim());
});
$('login-dialog').addEventListener('cancel', event => event.preventDefault());
$('note-text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
    $('note-form').requestSubmit();
});
$('older').addEventListener('click', older);
$('leave').addEventListener('click', () => {
  keep('');
  reader?.abort();
});
document.addEventListener('click', event => {
  const button = event.target.closest?.('button');
  if (button?.dataset.open)
    openDialog(button.dataset.open);
  else if (button && 'close' in button.dataset)
    button.closest('dialog').close();
});
document.addEventListener('keydown', event => {
  // All fields are in dialogs. One that was closed at this moment may have the focus still.
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
    return;
  const name = { n: 'note', t: 'triage', v: 'vet', '?': 'keys' }[event.key];
  if (name || event.key === 'o')
    event.preventDefault();
  if (name)
    openDialog(name);
  else if (event.key === 'o')
    older();
});
setInterval(() => document.querySelectorAll('time[data-kind]').forEach(tick), 1000);
begin();
