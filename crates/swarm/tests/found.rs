//! Scripts, as the swarm shrank them, that broke a claim before the tab was fixed.

use swarm::{Script, run};

fn holds(script: &str) {
    let script: Script = script.parse().expect("a script");
    let violation = run(&script).violation;
    assert!(violation.is_none(), "{violation:?}");
}

#[test]
fn a_second_reset_while_the_first_is_under_way_in_another_tab_loses_nothing() {
    holds(
        "seed 5083 locks kept calm 4064
0 open 11345 227320
360 open 36 2130094
1464 status 12985 11665718
1464 mine 62003 11061067
3945 reset 12963 7712034
3964 reset 1346 12067347
",
    );
}

#[test]
fn a_reset_asked_for_before_another_one_loses_nothing() {
    holds(
        "seed 5142 locks kept calm 2556
0 open 0 12707692
447 mine 500 8135268
461 mine 0 0
633 open 13109 5882211
1173 mine 33302 2755738
1173 reset 43058 11404362
1173 power 53445 8997678
1425 close 12943 14926505
2240 panic 22429 15813830
2456 reset 52213 13122309
",
    );
}

#[test]
fn a_second_reset_in_memory_before_the_nodes_are_back_loses_nothing() {
    holds(
        "seed 1169 locks kept calm 9778
0 open 0 13467447
125 mine 0 0
125 duplicate 47787 1379651
9656 quota 33458 15182644
9656 reset 4836 3481081
9678 reset 6525 3481081
",
    );
}

#[test]
fn a_tab_without_storage_follows_a_reset_although_somebody_keeps_the_rooms_lock() {
    holds(
        "seed 5 locks kept calm 1564
0 open 0 1462378
1333 open 55654 14396344
1333 add-node 53314 1414821
1333 open 0 1728382
1412 steal-lock 23908 7388881
1452 reset 5420 6887655
1464 keep-lock 60416 8617659
1464 close 64416 2412781
1464 refuse-open 12239 2427517
1464 reload 56595 10086007
",
    );
}

#[test]
fn an_incarnation_begun_while_somebody_waited_for_a_seat_is_not_used_twice() {
    holds(
        "seed 5285 locks kept calm 3740
0 open 0 12123381
0 move 1464 13310230
20 reset 43660 4779887
80 undo 2255 1881717
295 reload 21467 15409995
308 duplicate 7180 15034918
1537 reload 35837 16203529
3550 clock 34973 9730191
3640 steal-lock 3373 8457111
",
    );
}

#[test]
fn a_write_of_a_former_session_makes_nothing_of_the_next_session_durable() {
    holds(
        "seed 20123 locks kept calm 5884
0 open 0 4055874
250 mine 0 0
252 undo 60784 1708014
252 open 0 10372530
884 steal-lock 36872 15973713
",
    );
}

#[test]
fn a_database_taken_away_from_a_frozen_tab_takes_no_chain_with_it() {
    holds(
        "seed 101793 locks kept calm 6833
0 open 0 10273954
0 mine 0 0
996 mine 37341 3422180
6732 freeze 12140 10288332
6733 lose-database 24528 11864610
",
    );
}

#[test]
fn a_name_that_is_stolen_before_the_tab_has_joined_is_given_up() {
    holds(
        "seed 101318 locks kept calm 1701
0 open 0 12606154
0 open 32100 750481
337 mine 60690 1651004
337 steal-lock 42764 2890575
1446 open 5187 14661161
1601 steal-lock 55938 10579912
",
    );
}

#[test]
fn tabs_agree_on_what_can_be_undone_after_the_record_of_a_reset_was_damaged() {
    holds(
        "seed 100365 locks kept calm 673
0 open 0 12690259
91 reset 36655 5115733
91 open 42151 6273966
251 damage 44706 10358983
251 mine 51492 4651781
573 reload 1696 8322192
",
    );
}

#[test]
fn commands_of_a_tab_from_before_it_left_and_came_back_no_longer_count() {
    holds(
        "seed 203 locks kept calm 959
0 open 0 2432423
0 open 0 7549731
489 switch-node 52225 11924102
489 switch-node 52225 14877679
489 slow-database 52225 366959
554 blink 52225 15478089
859 tape 17665 8700824
",
    );
}

#[test]
fn a_tab_that_gave_up_its_locks_overwrites_nothing_that_the_next_incarnation_saved() {
    holds(
        "seed 401596 locks kept calm 10546
0 open 0 32680
49 freeze 30487 6831736
49 reload 58315 3678816
49 add-node 58315 1558360
177 close 34541 12225052
177 open 34331 487148
336 close 41748 17631
336 open 59239 8332406
824 open 6773 8557572
824 mine 54618 9162499
824 power 4390 8293248
1230 blink 42222 15014376
1385 reload 56062 4836517
1385 duplicate 7474 7638618
1713 crash 25177 13199205
2295 add-node 63667 9601707
2388 open 25178 9588664
2621 blink 15375 7884434
2801 reload 29904 8607643
2931 add-node 21974 5615375
3104 open 20929 14711781
3525 slow-database 13456 1850250
3525 add-node 18058 7181852
3625 blink 51598 7885472
4611 stall 65447 15647476
5736 add-node 29476 645014
6818 mine 39958 9322429
7056 reload 43174 7916707
7322 reload 16820 13760002
7946 freeze 48899 1639539
8250 status 50223 579770
10038 slow-database 56595 7819976
10420 hang 46804 11505796
10446 freeze 15821 15570077
",
    );
}

#[test]
fn an_undo_that_is_not_written_in_time_is_not_announced() {
    holds(
        "seed 400865 locks kept calm 1708
0 open 0 15641437
500 mine 0 0
500 duplicate 19952 471458
513 add-node 19952 8228807
533 reset 46333 6004204
836 add-node 35487 12439372
836 slow-database 40182 16589573
836 reset 40182 12393799
1047 open 0 718792
1535 undo 40182 10914400
1608 sleep 40182 14154423
",
    );
}

#[test]
fn what_a_tab_in_memory_mode_has_read_outlives_the_database() {
    holds(
        "seed 2001974 locks kept calm 11211
0 open 0 11380121
806 duplicate 54389 12225147
806 open 0 16520045
1383 close 3892 16666678
1383 open 0 2709234
6361 duplicate 62796 1850584
6653 mine 45147 7129374
7551 blink 41486 9561946
7773 quota 15682 11527773
8616 busy 16944 15394264
8986 duplicate 45107 4950576
10753 panic 18443 14692642
10753 close 60742 15758285
11111 lose-database 17254 4495136
11111 open 34666 15284590
11111 blink 42352 10400945
",
    );
}

#[test]
fn keeping_the_lock_of_a_dead_tab_does_not_silence_the_tab_that_replaced_it() {
    holds(
        "seed 1009391 locks kept calm 4885
0 open 0 15502790
0 open 0 14098123
113 pose 47824 14565396
113 open 8124 444281
113 duplicate 50546 2171306
572 add-node 34006 7262712
572 steal-lock 46084 8940233
625 open 3276 9653552
4785 keep-lock 11240 2617493
4785 reload 50192 1348077
4785 reload 37844 8437732
",
    );
}

#[test]
fn a_tab_that_slept_while_it_waited_for_its_name_is_seen_by_others() {
    holds(
        "seed 6005176 locks kept calm 2120
0 open 0 4406799
0 join 18150 7102963
0 duplicate 5755 12530207
197 add-node 56031 5391201
340 cut 17896 4187486
340 mine 22150 4019428
566 mine 63159 8201037
566 reload 44337 10384487
621 join 46726 5861076
621 duplicate 13341 2455140
735 mine 5424 1016091
735 mine 64235 11801933
792 panic 56282 12163914
792 open 0 2938595
1020 open 33321 1584591
1556 close 12886 15149642
1556 open 37152 1795091
1725 move 4578 2176529
1725 close 9282 4102706
1944 reload 8611 9891972
2020 sleep 35161 12926230
",
    );
}

#[test]
fn a_write_that_fails_while_its_tab_joins_again_loses_nothing() {
    holds(
        "seed 6039828 locks kept calm 2951
0 open 0 6953732
0 duplicate 54462 8416104
955 open 59487 881678
955 quota 6293 11154885
955 duplicate 19910 15336551
955 hang 14295 11731378
955 mine 16253 15752216
2851 blink 16253 14363552
",
    );
}

#[test]
fn a_tab_that_slept_through_an_undo_loses_nothing_when_it_can_no_longer_write() {
    holds(
        "seed 20018393 locks kept calm 3453
0 open 0 10177878
62 mine 0 0
62 duplicate 53655 11947221
62 open 0 3960815
141 open 0 16248830
141 block-open 49260 10174550
141 power 64562 1984166
141 reset 15193 15567194
141 duplicate 62157 14129107
1177 freeze 23221 1793401
1177 undo 44415 12575289
1199 quota 41593 3339558
3353 thaw 51701 3122237
3353 reset 1121 12881358
",
    );
}

#[test]
fn a_chain_that_a_reset_gave_up_while_nodes_were_starting_may_come_back_empty() {
    holds(
        "seed 20050425 locks kept calm 1290
0 open 0 5221719
0 open 0 6751843
116 open 1943 878278
116 other-version 36384 10638469
321 slow-database 2393 8275797
339 reset 2393 16066358
339 duplicate 51284 12664347
339 mine 14649 14463451
483 reset 96 13320837
483 undo 42988 12609563
483 reset 30712 5167851
483 undo 30712 13741312
1190 slow-database 53071 8180786
1190 reset 12746 10910227
",
    );
}

#[test]
fn tabs_on_two_chains_agree_again_although_the_record_of_what_counts_is_lost() {
    holds(
        "seed 40001097 locks kept calm 4354
0 open 0 16239733
458 open 0 8899953
603 pose 26027 15828134
1238 open 10782 4432444
1238 hang 58327 12905900
1272 garbage 35857 9920372
1272 open 45393 4424303
3249 damage 17888 10601289
3354 mine 58424 9706110
",
    );
}

#[test]
fn a_reset_of_a_chain_that_a_hostile_page_says_has_blocks_may_lose_the_one_before() {
    holds(
        "seed 40008975 locks kept calm 9504
0 open 0 295430
0 open 0 14827622
124 mine 0 0
124 quota 31200 9220754
1840 duplicate 65531 13058
9267 pose 16771 1672186
9267 reset 7053 5333324
9404 reset 618 5333324
",
    );
}

#[test]
fn a_tab_that_follows_an_undo_does_not_write_over_the_reset_after_it() {
    holds(
        "seed 60001526 locks kept calm 2712
0 open 0 16088709
0 open 0 16566465
256 open 0 9992124
256 duplicate 2631 2135704
1997 reset 40292 895513
1997 open 41725 13611374
2413 panic 3275 14129103
2612 undo 3275 11025886
2612 reset 4139 6393402
",
    );
}

/// What seed 60027396 found, with fewer steps.
#[test]
fn a_node_being_added_during_a_reset_does_not_boot_on_what_it_saved_of_the_former_chain() {
    holds(
        "seed 6071 locks kept calm 4151
0 open 0 288
460 mine 0 0
2900 stop 0 0
2900 remove-node 0 501
3300 slow-database 0 6421
3884 add-node 0 0
4040 reset 0 0
4051 reset 0 0
",
    );
}

#[test]
fn a_guess_at_a_damaged_record_is_not_written_over_an_undo() {
    holds(
        "seed 61001128 locks kept calm 4775
0 open 0 15361848
145 move 3117 9040647
145 open 31520 16501643
2689 open 58862 15978959
4093 reset 19332 14218424
4093 cut 6966 5727181
4653 hang 63107 13361988
4653 undo 2115 9705154
4675 damage 28341 16333898
4675 sleep 5280 2500538
",
    );
}
