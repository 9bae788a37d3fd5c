#include "rtl/eie_array/eie_driver.h"

#include <bit>

#include "rtl/configuration.h"

namespace heddle::rtl {

using workload::Dim;
using workload::Operand;

namespace {

enum class FillKind : std::uint8_t { matrix, even_pointers, odd_pointers };
constexpr unsigned kProductShift = 512;  ///< its configuration register

/// Kernel positions i of `count` whose input position first + i * dilation lies inside: from, until.
std::pair<std::int64_t, std::int64_t> inside(std::int64_t first, std::int64_t dilation, std::int64_t count,
                                             std::int64_t limit) {
  std::int64_t begin = 0;
  while (begin < count && first + begin * dilation < 0) ++begin;
  std::int64_t end = begin;
  while (end < count && first + end * dilation < limit) ++end;
  return {begin, end};
}

}  // namespace

EieDriver::EieDriver(sc_core::sc_module_name name, const arch::Accelerator& accelerator,
                     const sim::Socket& socket, Device& device, Lockstep* lockstep,
                     std::optional<std::mt19937_64>& gaps)
    : EieUnit(name, accelerator.array, socket),
      driver_(device, lockstep, accelerator.array.ports.outputs, accelerator.array.bits.accumulators, gaps),
      device_(device),
      inputs_(device.stream("inputs", {"inputs_data_i"})),
      word_bits_(accelerator.array.eie->word_bits),
      half_words_(array_configuration(accelerator).parameter("MatrixWords") / 2),
      half_pointers_(array_configuration(accelerator).parameter("PointerWords")),
      double_buffered_(accelerator.memory.back().double_buffered),
      last_(device.signal("evt_last_o")) {
  for (const char* event : {"last", "broadcasts", "queue_pushes", "queue_pops", "queue_full", "starved",
                            "pointer_reads", "matrix_reads", "codebook_lookups", "padding", "multiplies",
                            "adds", "source_reads", "destination_reads", "destination_writes"})
    events_[event] = device.count(std::string("evt_") + event + "_o");
  device.count_bits("evt_work_o", static_cast<std::size_t>(accelerator.array.rows));
}

void EieDriver::begin_layer() {
  EieUnit::begin_layer();
  device_.begin_layer(sim::now());
  driver_.begin_layer();
  const sim::LayerProgram& program = *run_.program;
  unsigned address = 0;
  for (const std::int16_t value : program.eie->codebook)
    device_.configure(address++, static_cast<std::uint16_t>(value));
  device_.configure(kProductShift, static_cast<std::uint64_t>(program.eie->sum.product_shift));
  ended_ = 0;
  filled_ = -1;
  const auto tile = arch::level_extent(program.mapping, 1);
  several_tiles_ = false;
  for (const Dim d : workload::kDims) {
    if (workload::depends_on(Operand::weights, d))
      several_tiles_ = several_tiles_ || tile[d] < program.problem.shape.size[d];
  }
  several_tiles_ = several_tiles_ && double_buffered_;
}

void EieDriver::write(unsigned kind, std::size_t pe, std::int64_t address, std::uint64_t word) {
  device_.signal("fill_valid_i").set(1);
  device_.signal("fill_kind_i").set(kind);
  device_.signal("fill_pe_i").set(pe);
  device_.signal("fill_addr_i").set(static_cast<std::uint64_t>(address));
  device_.signal("fill_data_i").set(word);
  device_.pulse(device_.signal("fill_clk_i"));
  device_.signal("fill_valid_i").set(0);
}

/// Writes a tile's blocks, each from a new word on, into the half of the memories that is its turn.
void EieDriver::fill(const sim::EieBlocks& tile, std::int64_t generation) {
  const arch::EieUnit& eie = *array_.eie;
  const std::int64_t per_word = eie.entries_per_word();
  const int entry_bits = eie.code_bits + eie.index_bits;
  const std::int64_t half = several_tiles_ ? generation % 2 : 0;
  std::vector<std::int64_t> next_word(static_cast<std::size_t>(array_.rows), half * half_words_);
  std::int64_t next_pointer = half * half_pointers_;
  pointers_of_.clear();
  for (const workload::CscMatrix& block : tile.all()) {
    pointers_of_.push_back(next_pointer);
    for (std::size_t pe = 0; pe < block.pes.size(); ++pe) {
      const workload::CscMatrix::Pe& part = block.pes[pe];
      for (std::size_t j = 0; j < part.pointers.size(); ++j) {
        const std::int64_t number = next_pointer + static_cast<std::int64_t>(j);
        write(static_cast<unsigned>(number % 2 == 0 ? FillKind::even_pointers : FillKind::odd_pointers), pe,
              number / 2, static_cast<std::uint64_t>(next_word[pe] * per_word + part.pointers[j]));
      }
      for (std::int64_t first = 0; first < part.entries(); first += per_word) {
        std::uint64_t word = 0;
        for (std::int64_t i = 0; i < per_word && first + i < part.entries(); ++i) {
          const auto entry = static_cast<std::size_t>(first + i);
          word |= (std::uint64_t{part.codes[entry]} | std::uint64_t{part.indices[entry]} << eie.code_bits)
                  << (i * entry_bits);
        }
        write(static_cast<unsigned>(FillKind::matrix), pe, next_word[pe]++, word);
      }
    }
    next_pointer += block.columns + 1;
  }
}

void EieDriver::accept(const sim::Pass& pass) {
  device_.catch_up(sim::now());
  const std::int64_t generation = pass.generation[Operand::weights];
  const sim::EieBlocks& tile = run_.store(pass.level[Operand::weights]).blocks(generation);
  if (filled_ != generation) fill(tile, generation);
  filled_ = generation;

  const workload::MacShape& shape = run_.program->problem.shape;
  const auto& start = pass.tile.start;
  const auto& extent = pass.tile.extent;
  const auto rows = inside(start[Dim::P] * shape.stride_h + start[Dim::R] * shape.dilation_h - shape.pad_top,
                           shape.dilation_h, extent[Dim::R], shape.input_h);
  const auto columns =
      inside(start[Dim::Q] * shape.stride_w + start[Dim::S] * shape.dilation_w - shape.pad_left,
             shape.dilation_w, extent[Dim::S], shape.input_w);
  const auto set = [&](const char* name, std::int64_t value) {
    device_.signal(std::string("pass_") + name + "_i").set(static_cast<std::uint64_t>(value));
  };
  set("rows", extent[Dim::M]);
  set("channels", extent[Dim::C]);
  set("kernel_rows", extent[Dim::R]);
  set("kernel_columns", extent[Dim::S]);
  set("row_first", rows.first);
  set("row_end", rows.second);
  set("column_first", columns.first);
  set("column_end", columns.second);
  set("pointers", pointers_of_[tile.index_of(pass.tile)]);
  set("loads", holds_source(pass) ? 0 : 1);
  set("opens", pass.opens ? 1 : 0);
  set("resumes", pass.resumes ? 1 : 0);
  set("closes", pass.closes ? 1 : 0);
  driver_.offer_pass(pass);
}

void EieDriver::load_source(const sim::Pass& pass) {
  const sim::View<const std::int16_t> inputs =
      run_.store(pass.level[Operand::inputs]).inputs(pass.generation[Operand::inputs]);
  const workload::MacShape& shape = run_.program->problem.shape;
  const auto& start = pass.tile.start;
  const auto& extent = pass.tile.extent;
  BeatPacker packer(static_cast<std::size_t>(array_.ports.inputs) * 8);
  for (std::int64_t c = 0; c < extent[Dim::C]; ++c) {
    for (std::int64_t r = 0; r < extent[Dim::R]; ++r) {
      const std::int64_t h =
          start[Dim::P] * shape.stride_h + (start[Dim::R] + r) * shape.dilation_h - shape.pad_top;
      if (h < 0 || h >= shape.input_h) continue;
      for (std::int64_t s = 0; s < extent[Dim::S]; ++s) {
        const std::int64_t w =
            start[Dim::Q] * shape.stride_w + (start[Dim::S] + s) * shape.dilation_w - shape.pad_left;
        if (w < 0 || w >= shape.input_w) continue;
        packer.add(
            static_cast<std::uint16_t>(*inputs.at({start[Dim::N], start[Dim::G], start[Dim::C] + c, h, w})),
            16);
      }
    }
  }
  source_ = packer.take();
}

void EieDriver::loading(const LoadTime& time) {
  if (source_.empty()) return;
  device_.catch_up(sim::now());
  inputs_.send(std::move(source_), time.inputs, driver_.gaps());
  source_.clear();
}

sim::Cycle EieDriver::walk(const sim::Pass& /*pass*/, sim::Cycle begin) {
  wait_until(begin);
  driver_.wait_for(
      [&] {
        const bool now = device_.is_high(last_, sim::now());
        return device_.total(events_["last"]) > ended_ || now;
      },
      "evt_last_o");
  ++ended_;
  return sim::now();
}

void EieDriver::restore(const sim::Pass& pass, int /*bank*/) {
  driver_.restore(*run_.program, pass, sim::partial_sums(run_, pass));
}

std::vector<std::int16_t> EieDriver::outputs() {
  driver_.end_layer();
  const auto total = [&](const char* event) { return device_.total(events_.at(event)); };
  arch::ActionCounts& actions = run_.actions;
  arch::EieCounts& counts = *actions.eie;
  counts.broadcasts = total("broadcasts");
  counts.queue_pushes = total("queue_pushes");
  counts.queue_pops = total("queue_pops");
  counts.queue_full_cycles = total("queue_full");
  counts.starved_cycles = total("starved");
  counts.pointer_reads = total("pointer_reads");
  counts.matrix_reads = total("matrix_reads");
  counts.codebook_lookups = total("codebook_lookups");
  counts.padding_entries = total("padding");
  counts.work = device_.bit_totals();
  actions.multiplies += total("multiplies");
  actions.adds += total("adds");
  const auto read = [](arch::Traffic& traffic, std::int64_t elements, std::int64_t bits) {
    traffic.read_elements += elements;
    traffic.read_bits += bits;
  };
  const int bits = array_.bits.activations;
  read(actions.memory.back()[Operand::weights], counts.codebook_lookups, counts.matrix_reads * word_bits_);
  read(actions.registers[Operand::weights], counts.codebook_lookups, counts.codebook_lookups * bits);
  read(actions.registers[Operand::inputs], total("source_reads"), total("source_reads") * bits);
  arch::Traffic& destination = actions.registers[Operand::outputs];
  read(destination, total("destination_reads"), total("destination_reads") * bits);
  destination.write_elements += total("destination_writes");
  destination.write_bits += total("destination_writes") * bits;
  return EieUnit::outputs();
}

}  // namespace heddle::rtl
