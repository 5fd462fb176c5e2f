//! Simplified Chinese.

mod about;

use self::about::ABOUT;
use super::*;

fn state(state: BlockState) -> &'static str {
    match state {
        BlockState::Best => "最佳链",
        BlockState::Rival => "竞争中",
        BlockState::Stale => "已过时",
        BlockState::Invalid => "无效",
        BlockState::Unseen => "尚未收到",
    }
}

fn bad_code(code: &str) -> &'static str {
    match code.split('-').next().unwrap_or_default() {
        "name" => "房间名称应为 1 到 32 个小写字母、数字或连字符。",
        "spacing" => "出块间隔不是允许范围内的数字。",
        "bits" => "起始目标值不是房间可用的值。",
        "window" => "目标值调整周期不是允许范围内的数字。",
        "halving" => "减半周期不是允许范围内的数字。",
        "too" => "链接过长。",
        "missing" => "链接缺少一部分。",
        "twice" => "链接中同一项出现了两次。",
        "unknown" => "链接中有房间所没有的内容。",
        "damaged" => "链接的一部分在传递中丢失或被改动，请重新索取。",
        _ => "此链接不指向任何房间。",
    }
}

fn failure(code: &str) -> Option<&'static str> {
    Some(match code {
        "too-many-nodes" => "一个标签页最多承载 16 个节点。",
        "last-node" => "标签页的最后一个节点不能移除。",
        "nothing-to-undo" => "已经没有可撤销的操作。",
        "unknown-block" => "此标签页没有该区块。",
        "unknown-node" => "该节点已不存在。",
        "unknown-tab" => "该标签页已不存在。",
        "not-ready" => "此标签页尚未就绪。",
        "engine-lost" => "此标签页的引擎在完成之前停止了。",
        _ => return None,
    })
}

fn preset(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "instant" => ("瞬时", "每 2 秒一个区块：分叉很多"),
        "steady" => ("平稳", "每 30 秒一个区块：分叉很少"),
        "halving" => ("减半", "每 10 秒一个区块；20 个区块后奖励减半"),
        "bitcoin" => ("比特币节奏", "每 10 分钟一个区块，与真实比特币相同"),
        _ => return None,
    })
}

pub static TEXTS: Texts = Texts {
    common: Common {
        close: "关闭",
        cancel: "取消",
        copy: "复制",
        copied: "已复制",
        copy_failed: "浏览器拒绝复制，请手动选择文本。",
        copy_what: |what| format!("复制{what}"),
        home: "返回链页面",
        not_found: "这里什么也没有",
        not_found_more: "# 之后的地址没有对应的页面。您的节点仍在运行。",
        somebody: "未知节点",
        starting: "正在启动此标签页的节点…",
    },
    head: Head {
        promise: "一条真实的区块链，就运行在您浏览器的标签页里。点击“开始挖矿”，再打开一个标签页，看它们竞争并达成一致。",
        room: "房间",
        share: "分享",
        about: "关于",
        other_language: "English",
        dark: "深色",
        light: "浅色",
        skip: "跳到区块链",
        bar: "面板",
        bar_mine: "挖矿",
        bar_chain: "链",
        bar_peers: "节点",
        bar_log: "日志",
        title: |height| format!("区块 {height} · Tabchain"),
    },
    mine: Mine {
        title: "挖矿",
        start: "开始挖矿",
        stop: "停止挖矿",
        power: "功率",
        gentle: "温和",
        half: "一半",
        full: "全力",
        exact: "精确设置",
        workers: "工作线程",
        duty: "工作时间占比 (%)",
        load: |workers, cores, duty| {
            if duty == "100" {
                format!("{cores} 核中的 {workers} 核，全程运行")
            } else {
                format!("{cores} 核中的 {workers} 核，{duty}% 的时间")
            }
        },
        shared: |tabs, workers, duty| {
            format!("{tabs} 个标签页正在挖矿并共享此功率：这里 {workers} 个线程，{duty}%")
        },
        rate: "算力",
        off: "未在挖矿。按下按钮之前不会运行任何计算。",
        measuring: "测量中…",
        spark: |low, high, now| format!("最近一分钟的算力：最低 {low}，最高 {high}，当前 {now}"),
        target: "目标值",
        target_more: "只有当区块的哈希作为数字不大于目标值时，区块才有效。",
        odds: |tries| format!("约每{tries}次尝试中 1 次"),
        expected: "预计",
        expected_every: |time| format!("每{time}一个区块"),
        aims: |time| format!("房间目标为每{time}一个"),
        retarget: "调整",
        retarget_in: |blocks| format!("{blocks} 个区块后"),
        found: "本页挖到",
        found_of: |mine, all| format!("{all} 个区块中的 {mine} 个"),
        restarts: |count| format!("{count} 个工作线程退出后已被替换"),
    },
    chain: Chain {
        title: "区块链",
        tip: "链顶",
        agree: |nodes| match nodes {
            "1" => "1 个节点".to_owned(),
            _ => format!("{nodes} 个节点一致"),
        },
        some_here: |here, all| format!("{all} 个节点中 {here} 个在此"),
        compete: |tips| format!("{tips} 个链顶在竞争"),
        picture: "区块树",
        keys: "方向键在区块间移动，回车键打开区块。",
        as_table: "表格视图",
        as_tree: "图形视图",
        newest: "回到最新",
        hint_first: "这是区块 0，一切的起点。点击“开始挖矿”，浏览器就会搜索一个能让区块 1 有效的数字。",
        hint_mining: "搜索中：每次尝试都换一个数字，对区块 1 的 80 字节求哈希，直到哈希低于目标值。",
        next: "下一个",
        label: |height, hash, state, miner| {
            if miner.is_empty() {
                format!("区块 {height}，{hash}，{state}")
            } else {
                format!("区块 {height}，{hash}，{state}，由 {miner} 挖到")
            }
        },
        standing: |names| format!("位于此处的节点：{names}"),
        earlier: |count| format!("… 更早的 {count} 个"),
        state,
        legend: "图例",
        legend_miner: "形状和颜色：由谁挖到",
        legend_tip: "本标签页的链顶",
        legend_rival: "竞争中",
        legend_stale: "已过时：竞争失败",
        legend_unseen: "目前只在其他标签页",
        legend_stand: "区块下方：以它为链顶的节点",
        col_height: "高度",
        col_hash: "哈希",
        col_miner: "矿工",
        col_state: "状态",
        col_nodes: "位于此处的节点",
        genesis: "无人：所有节点共同的起点",
    },
    block: Block {
        title: |height| format!("区块 {height}"),
        newest: "最新",
        follow: "跟随最新区块",
        previous: "上一个区块",
        next: "下一个区块",
        loading: "正在获取区块…",
        unknown: "此标签页没有这个区块。",
        header: "区块头：80 字节，与比特币相同",
        fields: [
            ("版本", "版本", "遵循哪套规则"),
            ("上一区块", "上一区块", "它所依据的区块：链由此形成"),
            ("默克尔根", "默克尔根", "涵盖全部交易的一个哈希"),
            ("时间", "时间", "挖到的时刻，以矿工的时钟为准"),
            ("难度目标", "目标", "目标值的压缩形式（bits）"),
            ("随机数", "随机", "挖矿所搜索的数字"),
        ],
        hash: "哈希",
        target: "目标值",
        below: |times| format!("目标值是此哈希的 {times} 倍：工作量得到证明。"),
        above: "这个区块不需要工作量：它是约定的起点。",
        proof: "工作量证明",
        found_by: "矿工",
        tries: |tries| format!("约每{tries}次尝试成功 1 次。"),
        confirmations: "确认数",
        confirmed: |count| match count {
            "0" => "最新区块".to_owned(),
            _ => format!("其上有 {count} 个区块"),
        },
        off_chain: "不在最佳链上",
        work: "累计工作量",
        raw: "完整区块的十六进制",
        transactions: "交易",
        no_body: "目前只收到了区块头。",
        coinbase: "奖励",
        transfer: "转账",
        bytes: |count| format!("{count} 字节"),
        more: |count| format!("还有 {count} 笔"),
    },
    peers: Peers {
        title: "标签页与节点",
        count: |tabs, nodes| format!("{tabs} 个标签页，{nodes} 个节点"),
        tab: |label| format!("标签页 {label}"),
        this_tab: "本页",
        alone: "在第二个标签页中打开本页面，它会自动加入。",
        add: "添加节点",
        remove: |name| format!("移除 {name}"),
        joined_tab: |label| format!("标签页 {label} 与其他节点相连"),
        joined_node: |name| format!("{name} 与其他节点相连"),
        cut: "已断开",
        cut_tab: "已断开：收不到也发不出任何消息。",
        silent: "无响应",
        mining: "挖矿中",
        syncing: |have, want| format!("同步中 {have} / {want}"),
        loading: |have, all| format!("读取中 {have} / {all}"),
        tip: "链顶",
        switch_hint: "开关可断开一个标签页或节点。让两边各自挖矿，再重新接入，看哪一边获胜。",
    },
    log: Log {
        title: "事件",
        empty: "暂无事件。",
        filters: "显示",
        all_nodes: "所有节点",
        of_node: "事件来自",
        kinds: ["区块", "重组", "标签页与节点", "挖矿", "异常"],
        none_match: "没有符合筛选条件的事件。",
        between: "、",
        more: |count| format!(" 和另外 {count} 个节点"),
    },
    share: Share {
        title: "分享此房间",
        lead: "在本浏览器的另一个标签页中打开此链接，即可加入同一条链。",
        link: "链接",
        qr: "链接的二维码",
        elsewhere: "在其他浏览器或设备上，此链接会以相同的规则开启一条独立的链。",
        never_mines: "打开链接绝不会自动开始挖矿。",
        too_long: "链接过长，无法生成二维码。",
    },
    room: Room {
        title: "房间",
        lead: "房间就是一条有自己规则的链。同一房间的标签页共享一条链，其他房间互不相通。",
        now: "当前房间",
        rules: |spacing, window, halving| {
            format!(
                "每{spacing}一个区块，每 {window} 个区块调整目标值，每 {halving} 个区块奖励减半。"
            )
        },
        presets: "预设规则",
        preset,
        own: "自定义规则",
        name: "名称",
        name_hint: "1 到 32 个小写字母、数字或连字符",
        spacing: "出块间隔",
        start: "起始难度",
        window: "目标值调整周期",
        halving: "奖励减半周期",
        seconds: "秒",
        blocks: "个区块",
        range: |low, high| format!("{low} 到 {high}"),
        odds: |tries| format!("约每{tries}次尝试中 1 次"),
        open: "打开此房间",
        recent: "去过的房间",
        bad: "无法使用此房间链接",
        bad_lead: "没有打开任何内容，也没有丢失任何数据。",
        bad_code,
        bad_value: "有问题的部分：",
        to_default: "打开上次使用的房间",
    },
    reset: Reset {
        button: "重置房间",
        title: "要重置此房间吗？",
        lead: |blocks| {
            format!(
                "本浏览器的所有标签页都会忘记此房间的链（{blocks} 个区块），从区块 0 重新开始。"
            )
        },
        undoable: "之后可以撤销。",
        confirm: "重置",
        done: "房间已重置。",
        undo: "撤销",
        undone: "重置已撤销。",
    },
    notices: Notices {
        title: "提示",
        memory: "链仅保存在内存中，关闭此标签页后将丢失。",
        memory_why: |why| format!("原因：{why}"),
        other_data: |version| {
            format!(
                "此浏览器中存有另一版本 Tabchain 的数据（格式 {version}）。该数据保持不变；本次会话仅保存在内存中。"
            )
        },
        other_version: "另一个标签页运行着不同版本的 Tabchain，两者无法通信。请重新加载它们。",
        reload: "重新加载",
        dismiss: "关闭提示",
        syncing: |name, have, want| format!("{name} 正在同步：{have} / {want} 个区块"),
        loading: |have, all| format!("正在读取已保存的区块：{have} / {all}"),
        failed: |why| format!("操作未成功：{why}"),
        failure,
        you_found: |height| format!("本标签页挖到了区块 {height}。"),
        switched: |undone, applied| {
            format!("另一分支获胜：撤销 {undone} 个区块，应用 {applied} 个区块。")
        },
    },
    crash: Crash {
        title: "此标签页的引擎崩溃了",
        restarting: "正在从已保存的数据启动新的引擎。其他标签页不受影响。",
        restarted: "新的引擎已从保存的数据恢复运行。其他标签页未受影响。",
        gave_up: "一分钟内崩溃次数过多，已停止重启。已保存的数据仍然完好。",
        old_page: "页面与引擎的版本不一致，请重新加载页面。",
        page: "页面本身崩溃了。请重新加载：链已保存。",
        report: "报告",
        copy: "复制报告",
        again: "重新启动",
    },
    about: ABOUT,
};
